package main

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/sbomctl/sbomctl/engine"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/label"
)

// What is no label or pattern at all is a mistake on the command line, and found before
// anything is opened. A well-formed one that names nothing is a failure of the command.

// parsePatterns reads target patterns, relative to the working folder's package.
func (a *app) parsePatterns(args []string) (label.Patterns, error) {
	var errs diag.List
	for _, arg := range args {
		if pattern := a.patternOf(strings.TrimPrefix(arg, "-")); pattern != "" {
			errs = append(errs, usage(`"`+arg+`" is a path, not a target pattern`, "write "+pattern))
		}
	}
	if len(errs) > 0 {
		return nil, &usageError{errs}
	}
	patterns, err := label.ParsePatterns(args, a.cwdPkg)
	if err != nil {
		return nil, &usageError{err}
	}
	return patterns, nil
}

// patternOf is the pattern that the absolute path of a folder or file in the workspace stands for; "" for
// anything else.
func (a *app) patternOf(arg string) string {
	path, name, named := strings.Cut(arg, ":")
	if !filepath.IsAbs(path) || strings.HasPrefix(path, "//") {
		return ""
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	pkg, err := filepath.Rel(a.root, path)
	if err != nil || !filepath.IsLocal(pkg) {
		return ""
	}
	if info, err := os.Stat(path); !named && err == nil && !info.IsDir() {
		pkg, name, named = filepath.Dir(pkg), filepath.Base(pkg), true
	}
	if !named {
		name = "all"
	}
	if pkg = filepath.ToSlash(pkg); pkg == "." {
		pkg = ""
	}
	return "//" + pkg + ":" + name
}

// parseTarget reads the label of one of the workspace's targets, relative to the package pkg.
func parseTarget(written, pkg string) (label.Label, error) {
	l, err := label.Parse(written, "", pkg)
	if err == nil && l.Repo != "" {
		err = &diag.Error{Msg: `"` + written + `" is no target of the workspace`}
	}
	if err != nil {
		return label.Label{}, &usageError{err}
	}
	return l, nil
}

// parseOverride reads LABEL=PATH; the path is as written.
func parseOverride(value, pkg string) (engine.Override, error) {
	written, path, ok := strings.Cut(value, "=")
	if !ok || written == "" || path == "" {
		return engine.Override{}, usage(`--override "`+value+`" is not LABEL=PATH`, "for example --override=//:cpython=../cpython")
	}
	l, err := parseTarget(written, pkg)
	return engine.Override{Label: l, Path: path}, err
}
