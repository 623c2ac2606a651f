package evidence

import (
	"fmt"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// fact is one thing that a file states.
type fact struct {
	name  string // one of facts
	value string
	at    int // byte offset in the file
}

// search returns the facts of every match in content, in the order of the matches.
func (p *pattern) search(path string, content []byte) ([]fact, error) {
	matches := p.re.FindAllSubmatchIndex(content, MaxMatches+1)
	if len(matches) > MaxMatches {
		return nil, &diag.Error{Pos: diag.File(path), Msg: fmt.Sprintf("pattern %s matches more than %d times, expected one that states the facts once", clip(p.re.String()), MaxMatches)}
	}
	var out []fact
	for _, m := range matches {
		found, at, err := p.states(content, m)
		if err != nil {
			return nil, &diag.Error{Pos: diag.At(path, content, at), Msg: err.Error()}
		}
		if len(found) == 0 {
			return nil, &diag.Error{Pos: diag.At(path, content, m[0]),
				Msg: fmt.Sprintf("pattern %s matches here without any of its groups", clip(p.re.String()))}
		}
		out = append(out, found...)
	}
	return out, nil
}

// states returns the facts of one match, or an error and where it is.
func (p *pattern) states(content []byte, m []int) (out []fact, at int, err error) {
	for _, name := range facts {
		group, ok := p.whole[name]
		if ok && m[2*group] >= 0 {
			out = append(out, fact{name, string(content[m[2*group]:m[2*group+1]]), m[2*group]})
		}
		if name == version {
			out = append(out, p.joinedParts(content, m)...)
		}
		t, ok := p.templates[name]
		if !ok {
			continue
		}
		value, at, ok, err := t.fill(content, m)
		if err != nil {
			return nil, at, err
		}
		if ok {
			out = append(out, fact{name, value, at})
		}
	}
	return out, 0, nil
}

// joinedParts is the version of version_1, version_2, ...
func (p *pattern) joinedParts(content []byte, m []int) []fact {
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
	if parts == nil {
		return nil
	}
	return []fact{{version, strings.Join(parts, "."), at}}
}
