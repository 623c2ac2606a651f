package main

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/sbomctl/sbomctl/engine/event"
)

// outDirName is the folder of results, at the workspace's root.
const outDirName = "sbom-out"

// options gathers what the flags and the environment say of the workspace.
func (a *app) options(events *event.Stream) (options, error) {
	o := options{
		Root: a.root, OutDir: outDirName, CwdPkg: a.cwdPkg,
		Jobs: a.flags.jobs, KeepGoing: a.flags.keepGoing, RunValidations: a.flags.runValidations, AnalyseOnly: !a.flags.build,
		Overrides: map[string]string{}, Env: map[string]string{}, Events: events,
	}
	if a.flags.diskCache != "" {
		dir, err := absolute(a.flags.diskCache)
		if err != nil {
			return o, err
		}
		o.CacheDir = dir
	}
	for _, dir := range a.flags.distDirs {
		path, err := absolute(dir)
		if err != nil {
			return o, err
		}
		if info, err := os.Stat(path); err != nil || !info.IsDir() {
			return o, usage(`--distdir "` + dir + `" is not a folder`)
		}
		o.DistDirs = append(o.DistDirs, path)
	}
	for _, override := range a.flags.overrides {
		label, path, ok := strings.Cut(override, "=")
		if !ok || label == "" || path == "" {
			return o, usage(`--override "`+override+`" is not LABEL=PATH`, "for example --override=//:cpython=../cpython")
		}
		abs, err := absolute(path)
		if err != nil {
			return o, err
		}
		if _, err := os.Stat(abs); err != nil {
			return o, usage(`--override of ` + label + `: cannot find "` + path + `": ` + osReason(err))
		}
		o.Overrides[label] = abs
	}
	if epoch := a.getenv("SOURCE_DATE_EPOCH"); epoch != "" {
		n, err := strconv.ParseInt(epoch, 10, 64)
		if err != nil || n < 0 || n > maxEpoch {
			return o, usage(`the environment variable SOURCE_DATE_EPOCH is "` + epoch + `", not a number of seconds since 1970`)
		}
		o.Env["source_date_epoch"] = strconv.FormatInt(n, 10)
	}
	return o, nil
}

// maxEpoch is the end of the year 9999, the last that SPDX's timestamps can write.
const maxEpoch = 253402300799

func absolute(path string) (string, error) {
	abs, err := filepath.Abs(expandHome(path))
	if err != nil {
		return "", usage(`cannot find "` + path + `": ` + osReason(err))
	}
	return abs, nil
}

// withWorkspace opens the workspace, runs f in it and closes it. An interrupt cancels f's
// context; a second one ends the process.
func (a *app) withWorkspace(o options, f func(ctx context.Context, w workspace) error) error {
	ctx, stop := a.interruptible(context.Background(), signals())
	defer stop()
	w, err := a.backend.Open(ctx, o)
	if err != nil {
		return ending(ctx, err)
	}
	err = f(ctx, w)
	w.Close()
	return ending(ctx, err)
}

// fromHere is a path inside the workspace as seen from the working folder.
func (a *app) fromHere(path string) string {
	rel, err := filepath.Rel(filepath.FromSlash(a.cwdPkg), filepath.FromSlash(path))
	if err != nil {
		return path
	}
	return rel
}
