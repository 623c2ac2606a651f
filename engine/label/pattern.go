package label

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// Scope says how much a Pattern names.
type Scope uint8

const (
	One     Scope = iota // the target Name of package Pkg
	Package              // every target of package Pkg
	Subtree              // every target of package Pkg and of the packages below it
)

// Pattern names a set of the workspace's targets. To resolve one: for One, look Name up in
// package Pkg; for Package, list its targets; for Subtree, find the packages at and below
// the directory Pkg ("" is the workspace root).
type Pattern struct {
	Negative bool // takes targets away
	Scope    Scope
	Pkg      string
	Name     string // set for One only
}

// String returns the canonical form: "//a:b", "//a:all", "//a/...", with "-" in front when negative.
func (p Pattern) String() string {
	s := "//" + p.Pkg
	switch p.Scope {
	case One:
		s += ":" + p.Name
	case Package:
		s += ":all"
	case Subtree:
		if p.Pkg != "" {
			s += "/"
		}
		s += "..."
	}
	if p.Negative {
		return "-" + s
	}
	return s
}

// Label returns the target that a pattern of scope One names.
func (p Pattern) Label() Label { return Label{Pkg: p.Pkg, Name: p.Name} }

// MatchesPackage reports whether p can name a target of package pkg.
func (p Pattern) MatchesPackage(pkg string) bool {
	if p.Scope == Subtree {
		return p.Pkg == "" || pkg == p.Pkg || strings.HasPrefix(pkg, p.Pkg+"/")
	}
	return pkg == p.Pkg
}

// Matches reports whether p names l, whichever its sign.
func (p Pattern) Matches(l Label) bool {
	return l.Repo == "" && p.MatchesPackage(l.Pkg) && (p.Scope != One || l.Name == p.Name)
}

// ParsePattern reads a pattern as typed in package pkg (the one that the current directory
// lies in). Without "//", "x", ":x", ":all", "...", "sub/..." and "sub:x" are relative to pkg.
// The error is a *diag.Error without position.
func ParsePattern(s, pkg string) (Pattern, error) {
	var p Pattern
	if len(s) > maxLength {
		return p, badPattern(s[:40]+"...", fmt.Sprintf("it is longer than %d bytes", maxLength))
	}
	rest := s
	if strings.HasPrefix(rest, "-") {
		p.Negative, rest = true, rest[1:]
	}
	if strings.HasPrefix(rest, "@") {
		return p, badPattern(s, "only the workspace's own targets can be named")
	}
	dir, name, colon := strings.Cut(rest, ":")
	switch {
	case strings.HasPrefix(dir, "//"):
		p.Pkg = dir[2:]
	case strings.HasPrefix(dir, "/"):
		return p, badPattern(s, `it begins with a single "/"`, fmt.Sprintf("write %q", strings.Replace(s, "/", "//", 1)))
	case dir == "":
		p.Pkg = pkg
		if !colon {
			return p, badPattern(s, "it is empty")
		}
	case colon, dir == "...", strings.HasSuffix(dir, "/..."):
		p.Pkg = strings.TrimPrefix(pkg+"/"+dir, "/")
	default: // a bare name is a target of the current package
		p.Pkg, name, colon = pkg, dir, true
	}
	if p.Pkg == "..." || strings.HasSuffix(p.Pkg, "/...") {
		p.Scope, p.Pkg = Subtree, strings.TrimSuffix(strings.TrimSuffix(p.Pkg, "..."), "/")
		if colon && name != "all" {
			return p, badPattern(s, fmt.Sprintf(`"..." already names every target, and ":%s" follows it`, name))
		}
	}
	if why := checkPath(p.Pkg, true); why != "" {
		return p, badPattern(s, "its package "+why)
	}
	switch {
	case p.Scope == Subtree:
	case name == "all":
		p.Scope = Package
	default:
		if !colon {
			if p.Pkg == "" {
				return p, badPattern(s, "it names no target", `"//:all" is every target of the root package, "//..." of all packages`)
			}
			name = p.Pkg[strings.LastIndexByte(p.Pkg, '/')+1:]
		}
		if why := checkName(name); why != "" {
			return p, badPattern(s, why)
		}
		p.Name = name
	}
	return p, nil
}

func badPattern(s, why string, hints ...string) error {
	return &diag.Error{Msg: fmt.Sprintf("%q is not a target pattern: %s", s, why), Hints: hints}
}

// Patterns are read from left to right: each adds the targets it names or, when negative,
// takes them away again.
type Patterns []Pattern

// ParsePatterns reads each of args with ParsePattern; errors are collected. When the first
// pattern is negative, there is nothing to take away from, which is an error too.
func ParsePatterns(args []string, pkg string) (Patterns, error) {
	var errs diag.List
	var out Patterns
	for i, a := range args {
		p, err := ParsePattern(a, pkg)
		if err == nil && i == 0 && p.Negative {
			err = &diag.Error{Msg: fmt.Sprintf("the first pattern %q takes away from nothing", a),
				Hints: []string{"name what to take from before it: //... " + a}}
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		out = append(out, p)
	}
	if err := errs.Err(); err != nil {
		return nil, err
	}
	return out, nil
}

// MatchesPackage reports whether ps may add a target of package pkg: no need to load it otherwise.
func (ps Patterns) MatchesPackage(pkg string) bool {
	for i := len(ps) - 1; i >= 0; i-- {
		if ps[i].MatchesPackage(pkg) && (!ps[i].Negative || ps[i].Scope != One) {
			return !ps[i].Negative
		}
	}
	return false
}

// TakenAway returns the directories of which ps takes every package away, sorted.
func (ps Patterns) TakenAway() []string {
	var dirs []string
	for _, p := range ps {
		if p.Negative && p.Scope == Subtree {
			dirs = append(dirs, p.Pkg)
		}
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}

// Matches reports whether the last pattern that names l adds it.
func (ps Patterns) Matches(l Label) bool {
	for i := len(ps) - 1; i >= 0; i-- {
		if ps[i].Matches(l) {
			return !ps[i].Negative
		}
	}
	return false
}
