package wheel

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// byteOrderMark may stand before a text in UTF-8, and is no part of it.
var byteOrderMark = []byte("\ufeff")

// Requirement is one line of a vendor.txt: a package that is vendored, at this version.
type Requirement struct {
	Name    string // as written: "CacheControl", "typing_extensions"
	Version string
	Line    int // in vendor.txt, from 1
}

// ShownName returns the name as documents show it: lower case, underscores kept.
func (r Requirement) ShownName() string { return strings.ToLower(r.Name) }

// requirementRE reads "name==version". Extras and an environment marker may stand beside it and
// mean nothing here: they say when the package is installed, but its files are in the wheel.
var requirementRE = regexp.MustCompile(`^([A-Za-z0-9._-]+) *(?:\[[A-Za-z0-9._, -]*\])? *== *([A-Za-z0-9.!+_-]+) *(?:;.*)?$`)

// ParseVendorTXT reads a vendor.txt: "name==version" lines, blank lines and comments. An
// indented line names what the package above brought in; it is vendored all the same. path is what errors
// call the file. The order is the file's. Its errors are *diag.Error, or a diag.List of them.
func ParseVendorTXT(path string, content []byte) ([]Requirement, error) {
	if err := diag.CheckText(path, content); err != nil {
		return nil, err
	}
	content = bytes.TrimPrefix(content, byteOrderMark)
	var out []Requirement
	var errs diag.List
	first := map[string]Requirement{}
	for i, line := range strings.Split(string(content), "\n") {
		bad := func(format string, args ...any) {
			errs = append(errs, &diag.Error{Pos: diag.Pos{File: path, Line: i + 1}, Msg: fmt.Sprintf(format, args...)})
		}
		text := strings.TrimSpace(uncomment(line))
		if text == "" {
			continue
		}
		if len(errs) >= 10 || len(out) >= maxPackages {
			bad("more lines than can be right, expected at most %d packages", maxPackages)
			break
		}
		m := requirementRE.FindStringSubmatch(text)
		if m == nil || !validName(m[1]) || !validVersion(m[2]) {
			bad("%s is not of the form name==version", clip(text))
			continue
		}
		r := Requirement{Name: m[1], Version: m[2], Line: i + 1}
		if other, ok := first[Normalize(r.Name)]; ok {
			bad("%s is named here and in line %d, expected once", r.Name, other.Line)
			continue
		}
		first[Normalize(r.Name)] = r
		out = append(out, r)
	}
	return out, errs.Err()
}

// uncomment cuts a comment off: "#" at the start of the line or after white space.
func uncomment(line string) string {
	for i := 0; i < len(line); i++ {
		if line[i] == '#' && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t') {
			return line[:i]
		}
	}
	return line
}

// clip quotes a text of foreign origin for a message of one line.
func clip(s string) string {
	const most = 80
	if len(s) > most {
		return fmt.Sprintf("%q...", s[:most])
	}
	return fmt.Sprintf("%q", s)
}
