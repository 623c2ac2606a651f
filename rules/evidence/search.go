package evidence

import (
	"bytes"
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
		return nil, &diag.Error{Pos: path, Msg: fmt.Sprintf("pattern %s matches more than %d times, expected one that states the facts once", clip(p.re.String()), MaxMatches)}
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
			return nil, &diag.Error{Pos: position(path, content, m[0]),
				Msg: fmt.Sprintf("pattern %s matches here without any of its groups", clip(p.re.String()))}
		}
	}
	return facts, nil
}

// lineCol returns where a byte offset lies: both count from 1, the column in bytes.
func lineCol(content []byte, at int) (line, col int) {
	before := content[:at]
	return bytes.Count(before, []byte{'\n'}) + 1, at - bytes.LastIndexByte(before, '\n')
}

// position returns "path:line:column".
func position(path string, content []byte, at int) string {
	line, col := lineCol(content, at)
	return fmt.Sprintf("%s:%d:%d", path, line, col)
}
