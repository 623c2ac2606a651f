package wheel

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// metadata is the header of a core metadata file, which is that of an e-mail.
type metadata struct {
	values map[string][]string // by lower-case key, in the file's order; folded lines have a newline between them
	line   map[string]int      // of the first value of each key, from 1
}

// once are the fields without which a wheel is none; each may stand there once.
var once = []string{"name", "version"}

// parseMetadata reads the header. where is what errors call the file.
func parseMetadata(where string, content []byte) (metadata, error) {
	m := metadata{values: map[string][]string{}, line: map[string]int{}}
	last := ""
	for i, line := range strings.Split(string(bytes.TrimPrefix(content, byteOrderMark)), "\n") {
		line = strings.TrimSuffix(line, "\r")
		if line == "" {
			break
		}
		if line[0] == ' ' || line[0] == '\t' {
			if v := m.values[last]; len(v) > 0 {
				v[len(v)-1] += "\n" + strings.TrimSpace(line)
			}
			continue
		}
		key, value, ok := strings.Cut(line, ":")
		last = ""
		if !ok {
			continue
		}
		last = strings.ToLower(key)
		m.values[last] = append(m.values[last], strings.TrimSpace(value))
		if m.line[last] == 0 {
			m.line[last] = i + 1
		} else if last == once[0] || last == once[1] {
			return m, &diag.Error{Pos: diag.Pos{File: where, Line: i + 1}, Msg: fmt.Sprintf("%s is stated here and in line %d, expected once", last, m.line[last])}
		}
	}
	for _, key := range once {
		if m.line[key] == 0 {
			return m, &diag.Error{Pos: diag.File(where), Msg: "states no " + key}
		}
	}
	return m, nil
}

// first returns the first value of a key, "" when there is none.
func (m metadata) first(key string) string {
	if v := m.values[key]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// stated is what the project states of itself.
func (m metadata) stated() Stated {
	var links []link
	for _, v := range m.values["project-url"] {
		if label, url, ok := strings.Cut(v, ","); ok {
			links = append(links, link{label, strings.TrimSpace(url)})
		}
	}
	s := Stated{Author: statedAuthor(m.first("author"), m.first("author-email")), Homepage: statedHomepage(m.first("home-page"), links)}
	s.License, s.LicenseSource = statedLicense(m.first("license-expression"), m.first("license"), m.values["classifier"])
	return s
}
