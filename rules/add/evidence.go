package add

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sbomctl/sbomctl/rules/evidence"
)

// maxEvidence is how many entries are proposed for one fact. More prove no more, and each has to be kept.
const maxEvidence = 2

// maxWord is the longest name or version of a package, in bytes (spdx.Word).
const maxWord = 255

// Found is what files say of a version.
type Found struct {
	Rules    []evidence.Rule // which state what is wanted; each was verified over the files
	Contrary []Contrary      // plain statements of another version, where none is of the wanted one
}

// Contrary is a statement of another version.
type Contrary struct {
	Path    string
	Line    int
	Version string
}

// FindEvidence looks for statements of the version, and of the checksum, in files. Each rule that it returns matches there and states nothing else:
// that is verified in the way in which a build checks it.
func FindEvidence(files []Source, want Wanted) Found {
	for _, s := range []string{want.Name, want.Version} {
		if len(s) > maxWord || !utf8.ValidString(s) {
			return Found{} // no declaration can have it
		}
	}
	var good, other []statement
	content := map[string][]byte{}
	for _, f := range files {
		content[f.Path] = f.Content
		for _, s := range statements(f, want) {
			if f.Beside && near(s, want) == 0 {
				continue
			}
			if s.states(want) {
				if s.holds(want, f.Content) {
					good = append(good, s)
				}
			} else if s.plain {
				other = append(other, s)
			}
		}
	}
	rank := func(a, b statement) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(near(b, want), near(a, want)), cmp.Compare(a.path, b.path), cmp.Compare(a.line, b.line))
	}
	slices.SortStableFunc(good, rank)
	var out Found
	versions, sums := 0, 0
	best := -1
	seen := map[string]bool{} // a file, and what sort of statement it has
	for _, s := range good {
		count := &versions
		if s.fact == "sha256" {
			count = &sums
		}
		key := fmt.Sprint(s.path, s.fact)
		if *count == maxEvidence || seen[key] {
			continue
		}
		if s.fact != "sha256" {
			// Prose is taken where nothing better is there.
			if s.rank >= rankText && best >= 0 && best < rankText {
				continue
			}
			best = s.rank
		}
		seen[key] = true
		*count++
		out.Rules = append(out.Rules, s.rule())
	}
	slices.SortStableFunc(out.Rules, func(a, b evidence.Rule) int {
		return cmp.Compare(firstOf(out.Rules, a.Path), firstOf(out.Rules, b.Path))
	})
	if versions == 0 {
		slices.SortStableFunc(other, rank)
		for _, s := range other {
			if c := (Contrary{s.path, s.line, s.value}); !slices.Contains(out.Contrary, c) {
				out.Contrary = append(out.Contrary, c)
			}
		}
	}
	return out
}

// firstOf keeps the rules of one file together.
func firstOf(rules []evidence.Rule, p string) int {
	return slices.IndexFunc(rules, func(r evidence.Rule) bool { return r.Path == p })
}

// states reports whether s states what is wanted.
func (s statement) states(want Wanted) bool {
	switch s.fact {
	case "sha256":
		return want.SHA256 != "" && s.value == want.SHA256
	case "revision":
		return s.value == want.Version
	}
	return s.value == want.Version
}

// holds verifies a statement as a build does: its pattern finds in the file what is wanted, and nothing else.
func (s statement) holds(want Wanted, content []byte) bool {
	if len(content) > evidence.MaxFileBytes {
		return false
	}
	facts, err := evidence.States(s.pattern, s.path, content)
	wrong := func(f evidence.Fact) bool {
		if f.Fact == "sha256" {
			return f.Value != want.SHA256
		}
		return f.Value != want.Version
	}
	return err == nil && len(facts) > 0 && !slices.ContainsFunc(facts, wrong)
}

// near is higher where the file's name is the package's.
func near(s statement, want Wanted) int {
	name := fold(want.Name)
	base := fold(strings.TrimSuffix(path.Base(s.path), path.Ext(s.path)))
	switch {
	case name != "" && base == name:
		return 2
	case name != "" && strings.Contains(base, name) || strings.Contains(fold(s.pattern), name):
		return 1
	}
	return 0
}
