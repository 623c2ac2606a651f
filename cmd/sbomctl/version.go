package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func (a *app) versionCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "version",
		Short: "print the version",
		Long:  "Prints the version, the commit it was built from, the Go release and the platform.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage(`version takes no arguments, not "` + args[0] + `"`)
			}
			return a.version()
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	boolVar(cmd.Flags(), &a.flags.jsonOut, "json", false, "print a JSON object")
	return cmd
}

// versionInfo is what the Go linker recorded in the binary; version --json prints it.
type versionInfo struct {
	Version  string `json:"version"`            // of the module; "(devel)" from a checkout
	Revision string `json:"revision,omitempty"` // commit
	Modified bool   `json:"modified,omitempty"` // the checkout had changes
	Time     string `json:"time,omitempty"`     // of the commit
	Go       string `json:"go"`
	Platform string `json:"platform"` // "linux/amd64"
}

func readVersion() versionInfo {
	v := versionInfo{Version: "(devel)", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if info.Main.Version != "" {
		v.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value
		case "vcs.time":
			v.Time = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	return v
}

func (a *app) version() error {
	v := readVersion()
	if a.flags.jsonOut {
		return json.NewEncoder(a.stdout).Encode(v)
	}
	fmt.Fprintf(a.stdout, "sbomctl %s", v.Version)
	if v.Revision != "" {
		fmt.Fprintf(a.stdout, " %s", v.Revision)
		if v.Modified {
			fmt.Fprint(a.stdout, "+changes")
		}
	}
	fmt.Fprintf(a.stdout, " %s %s\n", v.Go, v.Platform)
	return nil
}
