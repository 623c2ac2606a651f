package main

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/sbomctl/sbomctl/engine"
	"github.com/sbomctl/sbomctl/engine/event"
)

// outDirName is the folder of results, at the workspace's root.
const outDirName = "sbom-out"

// options gathers what the flags and the environment say of the workspace.
func (a *app) options(events *event.Stream) (options, error) {
	o := options{Options: engine.Options{
		Root: a.root, OutDir: outDirName, Jobs: a.flags.jobs, KeepGoing: a.flags.keepGoing,
		SkipValidation: !a.flags.runValidations, AnalyseOnly: !a.flags.build,
		Values: map[string]string{}, Events: events,
	}}
	if a.flags.diskCache != "" {
		o.CacheDir = a.absolute(a.flags.diskCache)
	}
	for _, dir := range a.flags.distDirs {
		path := a.absolute(dir)
		if info, err := os.Stat(path); err != nil || !info.IsDir() {
			return o, usage(`--distdir "` + dir + `" is not a folder`)
		}
		o.DistDirs = append(o.DistDirs, path)
	}
	o.Offline = a.flags.offline
	for _, dir := range a.flags.layouts {
		path := a.absolute(dir)
		if why := checkLayout(path); why != "" {
			return o, usage(`--oci_layout "`+dir+`" `+why, "expected a folder with the files oci-layout and index.json")
		}
		o.OCILayouts = append(o.OCILayouts, path)
	}
	for _, value := range a.flags.overrides {
		override, err := parseOverride(value, a.cwdPkg)
		if err != nil {
			return o, err
		}
		path := a.absolute(override.Path)
		if _, err := os.Stat(path); err != nil {
			return o, usage(`--override of ` + override.Label.String() + `: cannot find "` + override.Path + `": ` + osReason(err))
		}
		override.Path = path
		o.Overrides = append(o.Overrides, override)
	}
	if epoch := a.getenv("SOURCE_DATE_EPOCH"); epoch != "" {
		n, err := strconv.ParseInt(epoch, 10, 64)
		if err != nil || n < 0 || n > maxEpoch {
			return o, usage(`the environment variable SOURCE_DATE_EPOCH is "` + epoch + `", not a number of seconds since 1970`)
		}
		o.Values["source_date_epoch"] = strconv.FormatInt(n, 10)
		o.Today = time.Unix(n, 0).UTC().Format(time.DateOnly)
	}
	if a.flags.today != "" {
		o.Today = a.flags.today
	}
	o.Container = a.flags.container
	return o, nil
}

// maxEpoch is the end of the year 9999, the last that SPDX's timestamps can write.
const maxEpoch = 253402300799

// absolute is a path of the command line without the working folder. Where a ".." follows a
// link, the path as the system resolves it is meant, not as it is written.
func (a *app) absolute(path string) string {
	path = expandHome(path)
	if !filepath.IsAbs(path) {
		path = a.cwd + string(filepath.Separator) + path
	}
	clean := filepath.Clean(path)
	if strings.Contains(path, "..") {
		meant, err := os.Stat(path)
		got, cleanErr := os.Stat(clean)
		if err == nil && (cleanErr != nil || !os.SameFile(meant, got)) {
			if real, err := filepath.EvalSymlinks(path); err == nil {
				return real
			}
		}
	}
	return clean
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

// live runs f in the workspace and shows what happens there; adjust, unless it is nil, sets options that the command decides
// itself. What f has to say at the end, it says after a.ui.close().
func (a *app) live(adjust func(*options), f func(ctx context.Context, w workspace) error) error {
	events := event.NewStream(a.ui)
	o, err := a.options(events)
	if err != nil {
		return err
	}
	if adjust != nil {
		adjust(&o)
	}
	a.ui.start(events.Since)
	defer a.ui.close()
	return a.withWorkspace(o, f)
}

// fromHere is a path inside the workspace, slash-separated, as seen from the working folder.
func (a *app) fromHere(path string) string {
	path = filepath.Join(a.root, filepath.FromSlash(path))
	rel, err := filepath.Rel(a.cwd, path)
	if err != nil {
		return path
	}
	return rel
}
