package license

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/google/licensecheck"

	"github.com/sbomctl/sbomctl/rules/ident"
)

// File is a text that may state a licence.
type File struct {
	Path    string
	Content []byte
}

const (
	// MaxFileBytes bounds a licence file. The longest licences have 40 kB; a file of many can be some 200 kB.
	MaxFileBytes = 1 << 20
	// MaxFiles bounds how many licence files are read.
	MaxFiles = 64

	// known is the part of a text, in percent of its words, that must be of known licences. pkg.go.dev asks for 75; where
	// a person can be asked to read, more is asked for. What remains are titles and names.
	known = 90
)

// Stated is what one licence file says.
type Stated struct {
	Path       string
	Expression string   // what it states by a tag; "" without one
	Texts      []string // SPDX identifiers of the licence texts in it, each once, in the order of the file
	Percent    int      // how much of the file they cover
	Unlisted   []string // texts that the classifier knows and SPDX's list does not
}

// classify reads one licence file.
func classify(f File) Stated {
	s := Stated{Path: f.Path}
	if len(f.Content) > MaxFileBytes {
		return s
	}
	if tags := Tags(f.Content); len(tags) == 1 {
		s.Expression = tags[0]
	}
	c := licensecheck.Scan(f.Content)
	s.Percent = int(c.Percent)
	for _, m := range c.Match {
		switch {
		case slices.Contains(s.Texts, m.ID) || slices.Contains(s.Unlisted, m.ID):
		case ident.License(m.ID) != nil:
			s.Unlisted = append(s.Unlisted, m.ID)
		default:
			s.Texts = append(s.Texts, m.ID)
		}
	}
	return s
}

// whole reports whether the licences cover the file.
func (s Stated) whole() bool {
	return s.Expression != "" || s.Percent >= known && len(s.Texts) > 0 && len(s.Unlisted) == 0
}

// expressions is what the file states.
func (s Stated) expressions() []string {
	if s.Expression != "" {
		return []string{s.Expression}
	}
	return s.Texts
}

// describe is what was found in the file, for a message.
func (s Stated) describe() string {
	texts := slices.Concat(s.Texts, s.Unlisted)
	switch {
	case s.Expression != "":
		return fmt.Sprintf("%s states SPDX-License-Identifier: %s", s.Path, s.Expression)
	case len(texts) == 0:
		return s.Path + " has no text of a known licence"
	case s.whole():
		return fmt.Sprintf("%s is %s (%d%% of it)", s.Path, strings.Join(texts, ", "), s.Percent)
	}
	return fmt.Sprintf("%s is only partly known: %s in %d%% of it", s.Path, strings.Join(texts, ", "), s.Percent)
}

// fileName are the names of licence files: COPYING, LICENSE-MIT, LICENCE.txt, COPYING.LESSER, UNLICENSE.
var fileName = regexp.MustCompile(`(?i)^(un)?(licen[sc]es?|copying|copyright)([-_.][-_.a-z0-9+]*)?$`)

// code are the endings of files that are named like a licence file and are none: license.c, copying_gc.h.
var code = regexp.MustCompile(`(?i)\.(c|cc|cpp|cxx|h|hh|hpp|py|pyc|js|ts|go|rs|java|rb|sh|pl|cmake|json|xml|html?|in|m4|yml|yaml|toml|png|gif|jpe?g|svg)$`)

// IsFile reports whether a file of that name (the last segment of a path) is a licence file.
func IsFile(name string) bool { return fileName.MatchString(name) && !code.MatchString(name) }

// IsNotice reports whether a file of that name has the notices that go with a licence. It states no licence by itself.
func IsNotice(name string) bool {
	up := strings.ToUpper(name)
	return up == "NOTICE" || up == "NOTICE.TXT" || up == "NOTICE.MD"
}

var tag = regexp.MustCompile(`SPDX-License-Identifier:[ \t]*([^\r\n]*)`)

// tagTail is what ends a comment that a tag stands in.
var tagTail = regexp.MustCompile(`[ \t]*(\*/|-->|#+\}|\*\)|"""|'''|["'` + "`" + `;,])*[ \t]*$`)

// maxTags bounds the tags of one file.
const maxTags = 16

// Tags returns the licence expressions that a file states as SPDX-License-Identifier, each once, in the order of the
// file. What is no valid expression is left out: it is text about tags.
func Tags(content []byte) []string {
	var out []string
	for _, m := range tag.FindAllSubmatch(content, maxTags) {
		e := strings.TrimSpace(tagTail.ReplaceAllString(string(m[1]), ""))
		if e == "" || ident.License(e) != nil || slices.Contains(out, e) {
			continue
		}
		out = append(out, e)
	}
	return out
}
