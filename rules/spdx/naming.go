package spdx

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// Naming is what the file names of a release say: release_naming(...) of Starlark.
type Naming struct {
	Patterns []string                     `json:"patterns,omitempty"` // regular expressions over whole names; none: DefaultPattern
	Builds   map[string]map[string]string `json:"builds,omitempty"`   // group -> value -> what a build of another kind is called
}

// DefaultPattern is how most projects name what they release: NAME-VERSION[-REST].EXTENSION.
const DefaultPattern = `[A-Za-z][0-9A-Za-z_+.-]*?[-_]v?(?P<version>(?P<base_version>\d+(?:\.\d+)*)(?:[._-]?(?:a|b|c|rc|alpha|beta|pre|preview|dev)[._-]?\d+)?[a-z]?)` +
	`(?:[-_.](?P<variant>[0-9A-Za-z_+.-]*?))??\.(?P<format>tgz|zip|whl|exe|msi|msix|pkg|dmg|deb|rpm|apk|nupkg|jar|tar(?:\.[0-9a-z]+)?|[0-9a-z]+)`

// The groups that have a meaning of their own. A pattern has groupVersion, or groupBase and groupPrerelease, which are joined.
const (
	groupVersion    = "version"
	groupBase       = "base_version"
	groupPrerelease = "prerelease"
	groupArtifact   = "artifact" // no group: the placeholder for the whole name
)

// maxPattern bounds a pattern of a naming, in bytes.
const maxPattern = 4096

// groupName is what a group may be called: what a placeholder is called.
var groupName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z][a-z0-9_]*$`) })

// CheckNaming reports whether s can be a pattern of a naming.
func CheckNaming(s string) error {
	_, err := compileNaming(s)
	return err
}

func compileNaming(s string) (*regexp.Regexp, error) {
	if len(s) > maxPattern {
		return nil, &diag.Error{Msg: fmt.Sprintf("pattern is longer than %d bytes", maxPattern)}
	}
	// Parsed alone first: "a)|(b" is two halves of nothing.
	var re *regexp.Regexp
	_, err := syntax.Parse(s, syntax.Perl)
	if err == nil {
		re, err = regexp.Compile(`^(?:` + s + `)$`)
	}
	if err != nil {
		e := &diag.Error{Msg: fmt.Sprintf("pattern %s is not a regular expression", strconv.Quote(s)), Err: err}
		if se := (*syntax.Error)(nil); errors.As(err, &se) {
			e.Msg += ": " + se.Code.String()
		}
		return nil, e
	}
	groups := map[string]bool{}
	for _, g := range re.SubexpNames()[1:] {
		switch {
		case g == "":
			continue
		case !groupName().MatchString(g):
			return nil, &diag.Error{Msg: fmt.Sprintf("group %q is not a lower-case name", g), Hints: []string{"a group is a placeholder, too: {" + strings.ToLower(g) + "}"}}
		case g == groupArtifact:
			return nil, &diag.Error{Msg: "a group cannot be called artifact: {artifact} is the whole name"}
		case groups[g]:
			return nil, &diag.Error{Msg: fmt.Sprintf("group %q is there twice", g)}
		}
		groups[g] = true
	}
	if !groups[groupVersion] && !(groups[groupBase] && groups[groupPrerelease]) {
		e := &diag.Error{Msg: fmt.Sprintf("pattern %s has no group version, so that a name says no version", strconv.Quote(s)),
			Hints: []string{`write it (?P<version>...); base_version and prerelease together are one, too`}}
		for g := range groups {
			if diag.Nearest(g, []string{groupVersion}) != "" {
				e.Msg += fmt.Sprintf("; did you mean it by %q?", g)
			}
		}
		return nil, e
	}
	return re, nil
}

// patterns are those of n, or the default.
func (n Naming) patterns() []string {
	if len(n.Patterns) == 0 {
		return []string{DefaultPattern}
	}
	return n.Patterns
}

// Artifact returns what a file name says. It is an error that no pattern matches it, and that two do which say different things.
func (n Naming) Artifact(name string) (Artifact, error) {
	var first Artifact
	by := -1
	for i, p := range n.patterns() {
		re, err := compileNaming(p)
		if err != nil {
			return Artifact{}, err
		}
		m := re.FindStringSubmatch(name)
		if m == nil {
			continue
		}
		a := artifactOf(name, re.SubexpNames(), m)
		if by < 0 {
			first, by = a, i
			continue
		}
		if diff := differing(first.Groups, a.Groups); diff != "" {
			return Artifact{}, &diag.Error{Attr: "artifact",
				Msg:   fmt.Sprintf("the name %q is read in two ways: %s by patterns[%d] and patterns[%d] of the product's naming", name, diff, by, i),
				Hints: []string{"narrow one of the two patterns"}}
		}
	}
	if by < 0 {
		return Artifact{}, n.unknown(name)
	}
	return first, nil
}

// artifactOf makes an Artifact of what groups matched.
func artifactOf(name string, names, values []string) Artifact {
	a := Artifact{Name: name, Groups: map[string]string{}}
	for i, g := range names {
		if g != "" {
			a.Groups[g] = values[i]
		}
	}
	base, hasBase := a.Groups[groupBase]
	a.Version = a.Groups[groupVersion]
	if a.Version == "" {
		a.Version = base + a.Groups[groupPrerelease]
	}
	if a.BaseVersion = base; !hasBase {
		a.BaseVersion = baseVersion(a.Version)
	}
	a.Groups[groupVersion], a.Groups[groupBase] = a.Version, a.BaseVersion
	return a
}

// differing says of which group two readings differ, "" when they do not.
func differing(a, b map[string]string) string {
	for _, g := range append([]string{groupVersion}, sortedUnion(a, b)...) {
		if a[g] != b[g] {
			return fmt.Sprintf("%s is %q and %q", g, a[g], b[g])
		}
	}
	return ""
}

// maxPatternsShown bounds how many patterns the message about an unknown name shows.
const maxPatternsShown = 8

// unknown is the error for a name that no pattern matches.
func (n Naming) unknown(name string) error {
	e := &diag.Error{Attr: "artifact", Msg: fmt.Sprintf("no pattern of the product's naming matches the name %q, so that nothing is known of it", name)}
	if len(n.Patterns) == 0 {
		e.Msg = fmt.Sprintf("the name %q is not of the form NAME-VERSION[-REST].EXTENSION, and the product declares no naming", name)
		e.Hints = []string{`product(naming = release_naming(patterns = [r"..."])) says what names say, with the group (?P<version>...)`}
		return e
	}
	for i, p := range n.Patterns[:min(len(n.Patterns), maxPatternsShown)] {
		e.Hints = append(e.Hints, fmt.Sprintf("patterns[%d] is %s", i, p))
	}
	if more := len(n.Patterns) - maxPatternsShown; more > 0 {
		e.Hints = append(e.Hints, fmt.Sprintf("and %d more", more))
	}
	return e
}

// groups are the names of all groups that a name can have a value of, sorted.
func (n Naming) groups() []string {
	all := map[string]bool{groupVersion: true, groupBase: true}
	for _, p := range n.patterns() {
		re, err := syntax.Parse(p, syntax.Perl)
		if err != nil {
			continue // it was told where it was declared
		}
		for _, g := range re.CapNames() {
			if g != "" {
				all[g] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// buildWords are what a build of another kind than the usual one is called.
func (n Naming) buildWords(a Artifact) (words []string) {
	for _, g := range sortedKeys(n.Builds) {
		if word := n.Builds[g][a.Groups[g]]; word != "" {
			words = append(words, word)
		}
	}
	return words
}
