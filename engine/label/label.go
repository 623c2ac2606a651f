// Package label is how targets, Starlark files and sets of targets are named.
//
// # Labels
//
// A Label names one target or file: a repository, a package (a directory with a BUILD.star,
// relative to the workspace root; "" is the root), and a name in it.
//
//	//pkg/sub:name     the canonical form
//	//pkg/sub          short for //pkg/sub:sub
//	:name  name        relative to the package in which it is written
//	@sbomctl//:x.star  in the repository that is embedded in the program
//
// A name may contain "/" ("windows/openssl"), so a label is split at its colon and never at
// a slash. No target is named "all": //pkg:all is a Pattern.
//
// # Patterns
//
// A Pattern names a set of labels: one, all of a package, or all of a subtree. A leading "-"
// takes targets away from what the patterns before it named; see Patterns.
package label

import (
	"fmt"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// Embedded is the repository of the files that are part of the program. The workspace's own
// repository is "".
const Embedded = "sbomctl"

// maxLength bounds a label, in bytes: nothing a file system can hold is longer.
const maxLength = 4096

// Label names a target or a file. The zero Label names nothing. Labels that Parse returned
// are equal exactly when they name the same thing, so they can be keys of a map.
type Label struct {
	Repo string // "" the workspace, or Embedded
	Pkg  string // slash-separated directory from the workspace root, "" for the root
	Name string // target or file in it, may contain "/"
}

// String returns the canonical form, always with package and name: "//pkg:name".
func (l Label) String() string {
	if l.Repo == "" {
		return "//" + l.Pkg + ":" + l.Name
	}
	return "@" + l.Repo + "//" + l.Pkg + ":" + l.Name
}

// IsZero reports whether l is the zero Label.
func (l Label) IsZero() bool { return l == Label{} }

// Path returns the file that l names, relative to the root of its repository.
func (l Label) Path() string {
	if l.Pkg == "" {
		return l.Name
	}
	return l.Pkg + "/" + l.Name
}

// Compare orders labels by repository, package and name, each in code-point order. It
// returns -1, 0 or 1.
func (l Label) Compare(m Label) int {
	if c := strings.Compare(l.Repo, m.Repo); c != 0 {
		return c
	}
	if c := strings.Compare(l.Pkg, m.Pkg); c != 0 {
		return c
	}
	return strings.Compare(l.Name, m.Name)
}

// Parse reads a label that is written in package pkg of repository repo. The error is a
// *diag.Error without position.
func Parse(s, repo, pkg string) (Label, error) {
	if len(s) > maxLength {
		return Label{}, bad(s[:40]+"...", fmt.Sprintf("it is longer than %d bytes", maxLength), "")
	}
	l, rest := Label{Repo: repo, Pkg: pkg}, s
	if strings.HasPrefix(rest, "@") {
		name, after, ok := strings.Cut(rest[1:], "//")
		if !ok {
			return Label{}, bad(s, `a label that begins with "@" has the form "@repository//package:name"`, "")
		}
		if name != Embedded && name != "" {
			return Label{}, bad(s, fmt.Sprintf("there is no repository %q", "@"+name),
				"the one other repository is @"+Embedded+"//, which is part of the program")
		}
		l.Repo, rest = name, "//"+after
	}
	switch {
	case strings.HasPrefix(rest, "//"):
		var colon bool
		l.Pkg, l.Name, colon = strings.Cut(rest[2:], ":")
		if !colon {
			if l.Pkg == "" {
				return Label{}, bad(s, `the root package has no name of its own, write "//:name"`, "")
			}
			if l.Pkg == "..." || strings.HasSuffix(l.Pkg, "/...") {
				return Label{}, bad(s, `"..." is a pattern, and one target is wanted here`, "")
			}
			l.Name = l.Pkg[strings.LastIndexByte(l.Pkg, '/')+1:]
		}
		if why := checkPath(l.Pkg, true); why != "" {
			return Label{}, bad(s, "its package "+why, "")
		}
	case strings.HasPrefix(rest, ":"):
		l.Name = rest[1:]
	case strings.HasPrefix(rest, "/"):
		return Label{}, bad(s, `it begins with a single "/"`, fmt.Sprintf("write %q", "/"+rest))
	case strings.Contains(rest, ":"):
		return Label{}, bad(s, `a label with a package begins with "//"`, fmt.Sprintf("write %q", "//"+rest))
	default:
		l.Name = rest
	}
	if why := checkName(l.Name); why != "" {
		return Label{}, bad(s, why, "")
	}
	return l, nil
}

// ParseAbsolute reads a label that does not depend on where it is written.
func ParseAbsolute(s string) (Label, error) {
	if !strings.HasPrefix(s, "//") && !strings.HasPrefix(s, "@") {
		return Label{}, bad(s, `an absolute label begins with "//"`, "")
	}
	return Parse(s, "", "")
}

// CheckName returns an error, a *diag.Error without position, when name cannot be a target's.
func CheckName(name string) error {
	if why := checkName(name); why != "" {
		return &diag.Error{Msg: fmt.Sprintf("%q is not a target name: %s", name, why)}
	}
	return nil
}

func bad(s, why, hint string) error {
	e := &diag.Error{Msg: fmt.Sprintf("%q is not a label: %s", s, why)}
	if hint != "" {
		e.Hints = []string{hint}
	}
	return e
}

// checkName says what keeps s from naming a target, "" when nothing does.
func checkName(s string) string {
	switch {
	case s == "all":
		return `"all" is no target's name, since //package:all means every target of the package`
	case len(s) > maxLength:
		return fmt.Sprintf("its name is longer than %d bytes", maxLength)
	}
	if why := checkPath(s, false); why != "" {
		return "its name " + why
	}
	return ""
}

// checkPath says what keeps s from being a clean relative path of allowed characters.
func checkPath(s string, emptyAllowed bool) string {
	if s == "" {
		if emptyAllowed {
			return ""
		}
		return "is empty"
	}
	start := 0
	for i := 0; i <= len(s); i++ {
		if i < len(s) && s[i] != '/' {
			if !allowed(s[i]) {
				return "contains " + describe(s[i:]) + `; letters, digits and _ . + - @ ~ = , / are allowed`
			}
			continue
		}
		switch s[start:i] {
		case "":
			switch {
			case i == 0:
				return `begins with "/"`
			case i == len(s):
				return `ends in "/"`
			}
			return `contains "//"`
		case ".", "..":
			return fmt.Sprintf("has a segment %q", s[start:i])
		case "...":
			return `has a segment "...", which only a pattern may`
		}
		start = i + 1
	}
	return ""
}

func allowed(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	switch c {
	case '_', '.', '+', '-', '@', '~', '=', ',':
		return true
	}
	return false
}

// describe names the first character of s.
func describe(s string) string {
	switch s[0] {
	case ' ':
		return "a space"
	case '\\':
		return "a backslash"
	case '*', '?', '[':
		return fmt.Sprintf("the wildcard %q", s[:1])
	}
	for _, r := range s {
		return fmt.Sprintf("%q", r)
	}
	return "nothing"
}
