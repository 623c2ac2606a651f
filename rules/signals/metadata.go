package signals

import (
	"fmt"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// Metadata is what a file states of one package that was vendored; "" is not stated. Nothing is checked: it is what
// somebody wrote.
type Metadata struct {
	Name     string
	Version  string
	Revision string // of its source repository
	URL      string // of the project, or of what was downloaded
	License  string
	CPE      string
	Line     int // where it begins, from 1
}

// Bounds of a metadata file.
const (
	MaxMetadata = 1 << 20 // bytes
	maxPackages = 10_000
)

// ParseMetadata reads a file for which IsMetadata holds. A name that it knows no form of (README.vendored) states nothing.
// An error is a *diag.Error with the place in the file.
func ParseMetadata(file string, content []byte) ([]Metadata, error) {
	if len(content) > MaxMetadata {
		return nil, &diag.Error{Pos: diag.File(file), Msg: fmt.Sprintf("metadata file has %d bytes, expected at most %d", len(content), MaxMetadata)}
	}
	if !utf8.Valid(content) {
		return nil, &diag.Error{Pos: diag.File(file), Msg: "metadata file is not UTF-8"}
	}
	lines := strings.Split(strings.ReplaceAll(strings.TrimPrefix(string(content), "\ufeff"), "\r\n", "\n"), "\n")
	switch path.Base(file) {
	case "METADATA":
		return parseAOSP(file, lines)
	case "moz.yaml":
		return parseMoz(lines), nil
	case "README.chromium":
		return parseChromium(lines), nil
	case "vendor.txt", "vendored.txt":
		return parseVendorTxt(file, lines)
	}
	return nil, nil
}

// parseAOSP reads the text form of Android's metadata.proto, as far as it says what was vendored:
//
//	name: "zlib"
//	third_party {
//	  identifier { type: "Archive" value: "https://..." version: "1.3" primary_source: true }
//	  url { type: ARCHIVE value: "https://..." }
//	  version: "1.3"
//	}
func parseAOSP(file string, lines []string) ([]Metadata, error) {
	m := Metadata{Line: 1}
	var blocks []string // that are open
	kind, value, version := "", "", ""
	key := ""
	for n, line := range lines {
		toks := textproto(line)
		for i, tok := range toks {
			bad := func(msg string) error { return &diag.Error{Pos: diag.Pos{File: file, Line: n + 1}, Msg: msg} }
			switch {
			case tok == "{":
				if len(blocks) == 16 {
					return nil, bad("metadata has blocks more than 16 deep")
				}
				blocks = append(blocks, key)
				key, kind, value, version = "", "", "", ""
			case tok == "}":
				if len(blocks) == 0 {
					return nil, bad(`"}" closes nothing`)
				}
				switch blocks[len(blocks)-1] {
				case "identifier", "url":
					if k := strings.ToLower(kind); m.URL == "" || k == "archive" {
						m.URL = value
					}
					if m.Version == "" && version != "" {
						m.Version = version
					}
				}
				blocks = blocks[:len(blocks)-1]
				key = ""
			case strings.HasSuffix(tok, ":"):
				key = strings.TrimSuffix(tok, ":")
			case tok == "":
			case key == "" || tok[0] != '"' && isWord(tok) && i+1 < len(toks) && toks[i+1] == "{":
				key = tok
			default:
				text := unquote(tok)
				inside := ""
				if len(blocks) > 0 {
					inside = blocks[len(blocks)-1]
				}
				switch {
				case key == "name" && inside == "":
					m.Name = text
				case key == "type":
					kind = text
				case key == "value":
					value = text
				case key == "version" && inside == "third_party":
					m.Version = text
				case key == "version":
					version = text
				case key == "license_type" && inside == "third_party":
					// NOTICE, RECIPROCAL: a class, no licence
				}
				key = ""
			}
		}
	}
	if len(blocks) > 0 {
		return nil, &diag.Error{Pos: diag.Pos{File: file, Line: len(lines)}, Msg: fmt.Sprintf("block %q is not closed", blocks[len(blocks)-1])}
	}
	if m.Name == "" && m.URL == "" && m.Version == "" {
		return nil, nil
	}
	splitRevision(&m)
	return []Metadata{m}, nil
}

func isWord(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return !(r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9')
	})
}

// textproto splits a line into "{", "}", `key:`, words and quoted strings, without comments.
func textproto(line string) []string {
	var out []string
	for i := 0; i < len(line); {
		switch c := line[i]; {
		case c == '#':
			return out
		case c == '{' || c == '}':
			out = append(out, line[i:i+1])
			i++
		case c == '"' || c == '\'':
			j := i + 1
			for j < len(line) && line[j] != c {
				if line[j] == '\\' {
					j++
				}
				j++
			}
			j = min(j, len(line))
			out = append(out, `"`+line[i+1:j])
			i = min(j+1, len(line))
		case c == ' ' || c == '\t' || c == ',' || c == ';' || c == '<' || c == '>':
			i++
		default:
			j := i
			for j < len(line) && !strings.ContainsRune(" \t{}\"'#,;:", rune(line[j])) {
				j++
			}
			if j < len(line) && line[j] == ':' {
				j++
			}
			out = append(out, line[i:max(j, i+1)])
			i = max(j, i+1)
		}
	}
	return out
}

func unquote(tok string) string {
	return oneLine(strings.NewReplacer(`\"`, `"`, `\'`, `'`, `\\`, `\`, `\n`, " ").Replace(strings.TrimPrefix(tok, `"`)))
}

// parseMoz reads what stands under "origin:" of a moz.yaml, whose fields are on lines of their own.
func parseMoz(lines []string) []Metadata {
	var m Metadata
	inside := false
	for n, line := range lines {
		if strings.TrimSpace(line) == "" || strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		if line[0] != ' ' && line[0] != '\t' {
			inside = strings.HasPrefix(line, "origin:")
			if inside {
				m.Line = n + 1
			}
			continue
		}
		key, text, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !inside || !ok {
			continue
		}
		if i := strings.Index(text, " #"); i >= 0 {
			text = text[:i]
		}
		text = oneLine(strings.Trim(strings.TrimSpace(text), `"'`))
		switch key {
		case "name":
			m.Name = text
		case "url":
			m.URL = text
		case "license":
			m.License = text
		case "revision":
			m.Revision = text
		case "release": // "v1.2.3 (2024-01-01)", or "commit abc..."
			words := strings.Fields(text)
			if len(words) > 1 && words[0] == "commit" {
				m.Revision = words[1]
			} else if len(words) > 0 {
				m.Version = words[0]
			}
		}
	}
	if m.Name == "" && m.URL == "" {
		return nil
	}
	splitRevision(&m)
	return []Metadata{m}
}

// parseChromium reads the fields of a README.chromium, one package for each "Name:", as some state several between
// lines of dashes.
func parseChromium(lines []string) []Metadata {
	var out []Metadata
	for n, line := range lines {
		key, text, ok := strings.Cut(line, ":")
		if !ok || strings.ContainsAny(key[:min(1, len(key))], " \t") {
			continue
		}
		text = oneLine(text)
		if key == "Name" && len(out) < maxPackages {
			out = append(out, Metadata{Name: text, Line: n + 1})
		}
		if len(out) == 0 || text == "" || strings.EqualFold(text, "N/A") || strings.EqualFold(text, "unknown") {
			continue
		}
		m := &out[len(out)-1]
		switch key {
		case "Version":
			if text != "0" { // which stands for "see the revision"
				m.Version = text
			}
		case "Revision":
			m.Revision = text
		case "URL":
			m.URL = text
		case "License":
			m.License = text
		case "CPEPrefix":
			m.CPE = text
		}
	}
	for i := range out {
		splitRevision(&out[i])
	}
	return out
}

// parseVendorTxt reads pip's vendor.txt: name==version lines, with comments.
func parseVendorTxt(file string, lines []string) ([]Metadata, error) {
	var out []Metadata
	for n, line := range lines {
		line, _, _ = strings.Cut(line, "#")
		line, _, _ = strings.Cut(line, ";")
		name, version, ok := strings.Cut(strings.TrimSpace(line), "==")
		name, version = oneLine(name), oneLine(version)
		if !ok || name == "" || version == "" || strings.ContainsAny(name+version, " \t") {
			continue
		}
		if len(out) == maxPackages {
			return nil, &diag.Error{Pos: diag.Pos{File: file, Line: n + 1}, Msg: fmt.Sprintf("there are more than %d packages", maxPackages)}
		}
		out = append(out, Metadata{Name: name, Version: version, Line: n + 1})
	}
	return out, nil
}

// splitRevision moves a version that is a commit to where it belongs.
func splitRevision(m *Metadata) {
	if m.Revision == "" && len(m.Version) == 40 && strings.Trim(m.Version, "0123456789abcdef") == "" {
		m.Revision, m.Version = m.Version, ""
	}
}
