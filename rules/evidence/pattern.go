package evidence

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// The facts that a pattern can state.
const (
	version  = "version"
	sha256   = "sha256"
	revision = "revision"
)

// pattern is a checked regular expression.
type pattern struct {
	re    *regexp.Regexp
	whole map[string]int // fact -> its group
	parts []int          // the groups version_1, version_2, ... in that order
}

// Validate says what is wrong with a pattern, as a *diag.Error without a position. It is
// meant for the place where the pattern is declared, before any file is read.
func Validate(expr string) error {
	_, err := compile(expr)
	return err
}

func compile(expr string) (*pattern, error) {
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
	p := &pattern{re: re, whole: map[string]int{}}
	byName := map[string]int{}
	for i, name := range re.SubexpNames() {
		if name == "" {
			continue
		}
		if _, ok := byName[name]; ok {
			return nil, bad("", "has two groups %q, expected one", name)
		}
		byName[name] = i
		switch {
		case name == version || name == sha256 || name == revision:
			p.whole[name] = i
		case len(name) == len("version_1") && strings.HasPrefix(name, "version_") && name[8] >= '1' && name[8] <= '9':
		default:
			return nil, bad("", "has a group %q, expected version, version_1 to version_9, sha256 or revision%s", name,
				diag.DidYouMean(name, []string{version, "version_1", sha256, revision}))
		}
	}
	if len(byName) == 0 {
		return nil, bad(`name one: (?P<version>[0-9.]+)`, "names no group version, version_1 to version_9, sha256 or revision")
	}
	parts := len(byName) - len(p.whole)
	for n := 1; n <= parts; n++ {
		i, ok := byName[fmt.Sprintf("version_%d", n)]
		if !ok {
			return nil, bad("", "has no group version_%d, but a later one", n)
		}
		p.parts = append(p.parts, i)
	}
	if _, ok := p.whole[version]; ok && parts > 0 {
		return nil, bad("", "has a group version and a group version_1, expected one or the other")
	}
	return p, nil
}

// clip quotes a text of foreign origin for a message of one line.
func clip(s string) string {
	const most = 120
	if len(s) > most {
		return fmt.Sprintf("%q...", s[:most])
	}
	return fmt.Sprintf("%q", s)
}
