package evidence

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// pattern is a checked rule.
type pattern struct {
	re        *regexp.Regexp
	whole     map[string]int // fact -> its group
	parts     []int          // the groups version_1, version_2, ... in that order
	templates map[string]template
}

// Validate says what is wrong with a call of regex() or absent(), as a *diag.Error without a position. It is
// meant for the place where the pattern is declared, before any file is read.
func Validate(r Rule) error {
	if r.Absent {
		_, err := compileAny(r.Pattern)
		return err
	}
	_, err := compile(r)
	return err
}

// ValidateJSON is Validate of a rule as JSON.
func ValidateJSON(text string) error {
	var r Rule
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return &diag.Error{Msg: "is no call of regex() or absent()", Err: err}
	}
	return Validate(r)
}

func compile(r Rule) (*pattern, error) {
	expr := r.Pattern
	bad := func(hint, format string, args ...any) error {
		d := &diag.Error{Msg: fmt.Sprintf("pattern %s ", clip(expr)) + fmt.Sprintf(format, args...)}
		if hint != "" {
			d.Hints = []string{hint}
		}
		return d
	}
	if len(expr) > MaxPatternBytes {
		return nil, bad("", "has %d bytes, expected at most %d", len(expr), MaxPatternBytes)
	}
	re, err := regexp.Compile(expr)
	if err != nil {
		var s *syntax.Error
		if !errors.As(err, &s) {
			return nil, bad("", "is not a regular expression (RE2)")
		}
		hint := ""
		switch {
		case s.Code == syntax.ErrInvalidPerlOp:
			hint = "RE2 has no look-ahead and no look-behind; match the text around the group instead"
		case s.Code == syntax.ErrInvalidEscape:
			hint = `RE2 has no back-references; in BUILD.star write the pattern as r"..." so that \ needs no doubling`
		}
		return nil, bad(hint, "is not a regular expression (RE2): %s at %s", s.Code, clip(s.Expr))
	}
	p := &pattern{re: re, whole: map[string]int{}, templates: map[string]template{}}
	byName := map[string]int{}
	var groups []string
	for i, name := range re.SubexpNames() {
		if name == "" {
			continue
		}
		if _, ok := byName[name]; ok {
			return nil, bad("", "has two groups %q, expected one", name)
		}
		byName[name] = i
		groups = append(groups, name)
	}
	used := map[string]bool{}
	for _, fact := range slices.Sorted(maps.Keys(r.Facts)) {
		if !slices.Contains(facts, fact) {
			return nil, bad("", "has a template for %s, which is no fact%s", clip(fact), diag.DidYouMean(fact, facts))
		}
		t, err := parseTemplate(r.Facts[fact], func(name string) int {
			if i, ok := byName[name]; ok {
				return i
			}
			return -1
		}, groups)
		if err != nil {
			e := *err.(*diag.Error)
			e.Msg = fact + ": " + e.Msg
			return nil, &e
		}
		p.templates[fact] = t
		for _, g := range t.groups() {
			used[g] = true
		}
	}
	parts := 0
	for _, name := range groups {
		switch {
		case slices.Contains(facts, name):
			if _, ok := p.templates[name]; !ok {
				p.whole[name] = byName[name] // though a template of another fact may use it, too
			} else if !used[name] {
				return nil, bad("", "has a group %q, and the template for it does not use it", name)
			}
		case used[name]:
		case isPart(name):
			parts++
		case ofAnother(name): // the pattern is that of another target, too
		default:
			return nil, bad("", "has a group %q, expected %s%s", name, expectedGroups, diag.DidYouMean(name, append([]string{"version_1"}, facts...)))
		}
	}
	if len(p.whole)+parts+len(p.templates) == 0 {
		return nil, bad(`name one: (?P<version>[0-9.]+)`, "names no group, expected %s", expectedGroups)
	}
	for n := 1; n <= parts; n++ {
		i, ok := byName[fmt.Sprintf("version_%d", n)]
		if !ok {
			return nil, bad("", "has no group version_%d, but a later one", n)
		}
		p.parts = append(p.parts, i)
	}
	_, whole := p.whole[version]
	if _, ok := p.templates[version]; parts > 0 && (whole || ok) {
		return nil, bad("", "has a group version and a group version_1, expected one or the other")
	}
	return p, nil
}

// expectedGroups is what a group may be called.
var expectedGroups = strings.Join(facts, ", ") + ", version_1 to version_9, or one that a template names"

func isPart(name string) bool {
	return len(name) == len("version_1") && strings.HasPrefix(name, "version_") && name[8] >= '1' && name[8] <= '9'
}

// ofAnother reports whether a group is of another target, which has the same pattern: tk_sha256.
func ofAnother(name string) bool {
	return slices.ContainsFunc(facts, func(f string) bool { return strings.HasSuffix(name, "_"+f) && len(name) > len(f)+1 })
}

// clip quotes a text of foreign origin for a message of one line.
func clip(s string) string {
	const most = 120
	if len(s) > most {
		return fmt.Sprintf("%q...", s[:most])
	}
	return fmt.Sprintf("%q", s)
}
