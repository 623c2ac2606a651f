package license

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/rules/ident"
)

// Proposal is what a declaration could state.
type Proposal struct {
	Expression string   // a licence expression, or NOASSERTION
	Why        string   // what it comes from, or why it is NOASSERTION; one line
	Notes      []string // what else was found, a line each
	Choices    []string // expressions that a person may choose from, where the proposal is NOASSERTION
}

// Propose says what the licence files of a project state together. Notices (IsNotice) are named and state nothing. It never fails: what is not known
// yields NOASSERTION.
func Propose(files []File) Proposal {
	var stated []Stated
	p := Proposal{Expression: ident.NoAssertion}
	for _, f := range files {
		if IsNotice(path.Base(f.Path)) {
			p.Notes = append(p.Notes, f.Path+" has notices that go with the licence")
			continue
		}
		if len(stated) == MaxFiles {
			p.Notes = append(p.Notes, fmt.Sprintf("more than %d licence files; the rest was not read", MaxFiles))
			break
		}
		stated = append(stated, classify(f))
	}
	p.decide(stated)
	return p
}

func (p *Proposal) decide(stated []Stated) {
	var all, described []string
	whole := true
	for _, s := range stated {
		described = append(described, s.describe())
		whole = whole && s.whole()
		for _, e := range s.expressions() {
			if !slices.Contains(all, e) {
				all = append(all, e)
			}
		}
	}
	slices.Sort(all)
	found := strings.Join(described, "; ")
	switch {
	case len(stated) == 0:
		p.Why = "there is no licence file"
	case !whole:
		p.Why = found + "; read it"
	case len(all) > 1:
		p.Why = found + "; nothing says whether all apply or one may be chosen"
		p.Choices = []string{join(all, " AND "), join(all, " OR ")}
	case open(all[0]):
		p.Why = found + "; the text does not say whether later versions may be chosen"
		p.Choices = []string{all[0] + "-only", all[0] + "-or-later"}
	default:
		p.Expression, p.Why = all[0], found
	}
}

// join makes one expression of several.
func join(expressions []string, operator string) string {
	parts := make([]string, len(expressions))
	for i, e := range expressions {
		parts[i] = e
		if strings.Contains(e, " ") {
			parts[i] = "(" + e + ")"
		}
	}
	return strings.Join(parts, operator)
}

// open reports whether id is a licence of GNU's whose text alone does not say which versions may be chosen.
func open(id string) bool {
	return ident.License(id+"-or-later") == nil && ident.License(id+"-only") == nil
}

// maxTold is how many expressions of files are told.
const maxTold = 5

// FromTags says what the files of a package state by SPDX-License-Identifier, one by one. It is a proposal only where all of
// total files state the same.
func FromTags(byFile map[string][]string, total int) Proposal {
	count := map[string]int{}
	example := map[string]string{}
	tagged := 0
	for _, f := range slices.Sorted(maps.Keys(byFile)) {
		if len(byFile[f]) > 0 {
			tagged++
		}
		for _, e := range byFile[f] {
			if count[e]++; example[e] == "" {
				example[e] = f
			}
		}
	}
	p := Proposal{Expression: ident.NoAssertion}
	expressions := slices.Sorted(maps.Keys(count))
	switch {
	case len(expressions) == 0:
		return p
	case len(expressions) == 1 && tagged == total:
		p.Expression = expressions[0]
		if p.Why = fmt.Sprintf("each of the %d files states SPDX-License-Identifier: %s", total, expressions[0]); total == 1 {
			p.Why = "its one file states SPDX-License-Identifier: " + expressions[0]
		}
		return p
	}
	for i, e := range expressions {
		if i == maxTold {
			p.Notes = append(p.Notes, fmt.Sprintf("and %d more", len(expressions)-i))
			break
		}
		p.Notes = append(p.Notes, fmt.Sprintf("%d of %d files state SPDX-License-Identifier: %s, such as %s", count[e], total, e, example[e]))
	}
	p.Why = p.Notes[0]
	return p
}
