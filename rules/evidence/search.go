package evidence

import (
	"fmt"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// fact is one thing that a file states.
type fact struct {
	name  string // version, sha256 or revision
	value string
	at    int // byte offset in the file
}

// search returns the facts of every match in content, in the order of the matches.
func (p *pattern) search(path string, content []byte) ([]fact, error) {
	matches := p.re.FindAllSubmatchIndex(content, MaxMatches+1)
	if len(matches) > MaxMatches {
		return nil, &diag.Error{Pos: diag.File(path), Msg: fmt.Sprintf("pattern %s matches more than %d times, expected one that states the facts once", clip(p.re.String()), MaxMatches)}
	}
	var facts []fact
	for _, m := range matches {
		found := false
		for _, name := range []string{version, sha256, revision} {
			group, ok := p.whole[name]
			if ok && m[2*group] >= 0 {
				facts = append(facts, fact{name, string(content[m[2*group]:m[2*group+1]]), m[2*group]})
				found = true
			}
		}
		var parts []string
		at := -1
		for _, group := range p.parts {
			if m[2*group] >= 0 {
				parts = append(parts, string(content[m[2*group]:m[2*group+1]]))
				if at < 0 {
					at = m[2*group]
				}
			}
		}
		if parts != nil {
			facts = append(facts, fact{version, strings.Join(parts, "."), at})
			found = true
		}
		if !found {
			return nil, &diag.Error{Pos: diag.At(path, content, m[0]),
				Msg: fmt.Sprintf("pattern %s matches here without any of its groups", clip(p.re.String()))}
		}
	}
	return facts, nil
}
