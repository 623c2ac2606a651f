package add

import (
	"bytes"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/sbomctl/sbomctl/rules/evidence"
)

// Source is a file of the tree that evidence is looked for in.
type Source struct {
	Path    string
	Content []byte
	Beside  bool // it is none of the package's folders: only what names the package counts
}

// Wanted is what evidence is looked for.
type Wanted struct {
	Name      string // of the package
	Version   string
	SHA256    string // "" is not known
	Elsewhere bool   // the files are not the package's own: only what names the package counts

	Requirement bool // the file is a list of requirements: NAME==VERSION
}

// statement is a place where a file states a version, a revision or a checksum.
type statement struct {
	path    string
	line    int
	pattern string
	fact    string // "version", "sha256" or "revision"
	value   string
	rank    int  // the lower, the better
	plain   bool // it can hardly be about anything else than the package's version
}

func (s statement) rule() evidence.Rule { return evidence.Rule{Path: s.path, Pattern: s.pattern} }

// The ranks of what states something: what a maintainer updates by a script, what the package's own header says, the rest.
const (
	rankScript = iota
	rankString
	rankNumbers
	rankPacked
	rankModule
	rankText
)

// foreignWords are parts of names whose version is another one's than the package's.
var foreignWords = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)(^|_)(api|abi|so|soname|libtool|proto|protocol|format|schema|file|min|minimum|max|required|need|compat|python|py|gcc|gnuc|msc|cmake|autoconf|config|data|db|hex|num|number|old|prev|last|doc|docs|interface|current|age)(_|$)`)
})

// assignment is a script's or a module's: NAME="value", NAME = 'value', NAME=value.
var assignment = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?m)^[ \t]*(?:export[ \t]+|set[ \t]+|readonly[ \t]+)?([A-Za-z_]\w*)([ \t]*:?=[ \t]*)(["']?)([0-9A-Za-z][0-9A-Za-z.+_-]*)(["']?)[ \t;,]*(?:#.*)?\r?$`)
})

// stringMacro is #define NAME "value".
var stringMacro = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?m)^([ \t]*#[ \t]*define[ \t]+)([A-Za-z_]\w*)([ \t]+)"([0-9A-Za-z][0-9A-Za-z.+_-]*)"`)
})

// numberMacro is #define NAME 12.
var numberMacro = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?m)^([ \t]*#[ \t]*define[ \t]+)([A-Za-z_]\w*)([ \t]+)(\d{1,9})\b`)
})

var (
	looksLikeVersion = regexp.MustCompile(`^[0-9]+(\.[0-9]+)+([-._+]?[0-9A-Za-z]+)*$`)
	isSHA256         = regexp.MustCompile(`^[0-9a-f]{64}$`)
	isRevision       = regexp.MustCompile(`^[0-9a-f]{40}$`)
	versionName      = regexp.MustCompile(`(?i)version|(^|_)ver($|_)`)
	major            = regexp.MustCompile(`(?i)(^|_)(ver(sion)?_)?(major|maj)(_ver(sion)?)?$`)
)

// statements finds what a file states of versions, whatever their values.
func statements(f Source, want Wanted) []statement {
	if bytes.IndexByte(f.Content, 0) >= 0 {
		return nil
	}
	var out []statement
	add := func(at int, s statement) {
		s.path, s.line = f.Path, 1+bytes.Count(f.Content[:at], []byte("\n"))
		out = append(out, s)
	}
	if want.Requirement {
		return requirement(f, want)
	}
	if want.Elsewhere {
		return prose(f, want)
	}
	out = append(out, macros(f, want)...)
	for _, m := range assignment().FindAllSubmatchIndex(f.Content, -1) {
		text := func(i int) string { return string(f.Content[m[2*i]:m[2*i+1]]) }
		name, equals, open, value, closing := text(1), text(2), text(3), text(4), text(5)
		if open != closing {
			continue
		}
		s := statement{value: value, rank: rankScript, fact: "version"}
		if path.Ext(f.Path) == ".py" {
			s.rank = rankModule
		}
		group := `[^` + open + `]+`
		if open == "" {
			group = `[^\s;,]+`
		}
		switch {
		case isSHA256.MatchString(value):
			s.fact, group = "sha256", "[0-9a-f]{64}"
		case isRevision.MatchString(value):
			s.fact, group = "revision", "[0-9a-f]{40}"
		case !versionName.MatchString(name):
			continue
		}
		s.plain = s.fact == "version" && looksLikeVersion.MatchString(value) && !foreignWords().MatchString(name) &&
			(s.rank == rankScript && strings.Contains(fold(name), fold(want.Name)) || name == "__version__")
		if s.fact == "version" && foreignWords().MatchString(strings.ReplaceAll(strings.ToLower(name), fold(want.Name), "")) {
			continue
		}
		s.pattern = boundary(name) + regexp.QuoteMeta(name) + regexp.QuoteMeta(equals) + open + "(?P<" + s.fact + ">" + group + ")" + open
		add(m[0], s)
	}
	if b := path.Base(f.Path); strings.EqualFold(b, "VERSION") || strings.EqualFold(b, "VERSION.txt") {
		if v := strings.TrimSpace(string(f.Content)); looksLikeVersion.MatchString(v) {
			add(0, statement{pattern: `\A\s*(?P<version>[^\s]+)\s*\z`, fact: "version", value: v, rank: rankString, plain: true})
		}
	}
	return append(out, prose(f, want)...)
}

// requirement is a line NAME==VERSION of a requirements file.
func requirement(f Source, want Wanted) []statement {
	m := regexp.MustCompile(`(?m)^([ \t]*)(` + regexp.QuoteMeta(want.Name) + `)==` + regexp.QuoteMeta(want.Version) + `([ \t;#\r].*)?$`).FindSubmatchIndex(f.Content)
	if m == nil {
		return nil
	}
	return []statement{{path: f.Path, line: 1 + bytes.Count(f.Content[:m[0]], []byte("\n")), fact: "version", value: want.Version, rank: rankScript,
		pattern: `(?m)^\s*` + regexp.QuoteMeta(want.Name) + `==(?P<version>[^\s;#]+)`}}
}

// boundary keeps a name from being found at the end of a longer one.
func boundary(name string) string {
	if strings.HasPrefix(name, "_") {
		return ""
	}
	return `\b`
}

// macros finds what a C header states.
func macros(f Source, want Wanted) []statement {
	if !bytes.Contains(f.Content, []byte("define")) {
		return nil
	}
	var out []statement
	line := func(at int) int { return 1 + bytes.Count(f.Content[:at], []byte("\n")) }
	for _, m := range stringMacro().FindAllSubmatchIndex(f.Content, -1) {
		text := func(i int) string { return string(f.Content[m[2*i]:m[2*i+1]]) }
		name, value := text(2), text(4)
		if !versionName.MatchString(name) || foreignWords().MatchString(name) {
			continue
		}
		out = append(out, statement{path: f.Path, line: line(m[0]), fact: "version", value: value, rank: rankString, plain: looksLikeVersion.MatchString(value),
			pattern: define(text(1)) + name + gap(text(3)) + `"(?P<version>[^"]+)"`})
	}
	numbers := numberMacro().FindAllSubmatchIndex(f.Content, -1)
	for i, m := range numbers {
		text := func(m []int, i int) string { return string(f.Content[m[2*i]:m[2*i+1]]) }
		name := text(m, 2)
		if foreignWords().MatchString(name) {
			continue
		}
		if major.MatchString(name) {
			// MAJOR, MINOR and the like follow each other.
			pattern, value, parts := name+gap(text(m, 3))+`(?P<version_1>\d+)`, text(m, 4), 1
			for _, next := range numbers[i+1:] {
				if parts == 4 || !isPart(name, text(next, 2), parts+1) {
					break
				}
				between := f.Content[numbers[i+parts-1][1]:next[0]]
				if len(bytes.TrimSpace(between)) > 0 {
					break
				}
				parts++
				pattern += `\s+#` + define(text(next, 1))[1:] + text(next, 2) + gap(text(next, 3)) + fmt.Sprintf(`(?P<version_%d>\d+)`, parts)
				value += "." + text(next, 4)
			}
			if parts > 1 {
				out = append(out, statement{path: f.Path, line: line(m[0]), fact: "version", value: value, rank: rankNumbers, plain: true, pattern: pattern})
			}
			continue
		}
		// 212 is 2.1.2.
		if digits := strings.ReplaceAll(want.Version, ".", ""); versionName.MatchString(name) && text(m, 4) == digits && oneDigitEach(want.Version) {
			pattern := define(text(m, 1)) + name + gap(text(m, 3))
			for i := range digits {
				pattern += fmt.Sprintf(`(?P<version_%d>\d)`, i+1)
			}
			out = append(out, statement{path: f.Path, line: line(m[0]), fact: "version", value: want.Version, rank: rankPacked, pattern: pattern + `\b`})
		}
	}
	return out
}

// oneDigitEach reports whether a version is 2 to 9 digits with dots between.
func oneDigitEach(version string) bool {
	parts := strings.Split(version, ".")
	return len(parts) >= 2 && len(parts) <= 9 && !slices.ContainsFunc(parts, func(p string) bool { return len(p) != 1 || p[0] < '0' || p[0] > '9' })
}

// isPart reports whether name is the n-th part of a version whose first is the macro first.
func isPart(first, name string, n int) bool {
	words := map[int][]string{2: {"MINOR", "MIN"}, 3: {"MICRO", "PATCH", "PATCHLEVEL", "REVISION", "RELEASE", "BUILD", "SUB", "SUBMINOR", "BUGFIX"}, 4: {"BUILD", "PATCH", "TWEAK"}}[n]
	up := strings.ToUpper(first)
	for _, w := range []string{"MAJOR", "MAJ"} {
		i := strings.LastIndex(up, w)
		if i < 0 {
			continue
		}
		for _, p := range words {
			if strings.EqualFold(name, first[:i]+p+first[i+len(w):]) {
				return true
			}
		}
		return false
	}
	return false
}

// define is the pattern of what stands before a macro's name.
func define(text string) string {
	return regexp.MustCompile(`[ \t]+`).ReplaceAllString(strings.TrimLeft(text, " \t"), gapPattern(text))
}

func gapPattern(text string) string {
	if t := strings.TrimSpace(text); strings.Contains(text, "\t") || strings.Contains(text, "  ") || strings.Contains(t, "# ") {
		return `\s+`
	}
	return " "
}

// gap is the pattern of white space; one blank is itself.
func gap(text string) string {
	if text == " " {
		return " "
	}
	return `\s+`
}

// maxProse bounds how many lines of a file are tried.
const maxProse = 8

// prose is "NAME 1.2.3" or "NAME-1.2.3" of any file, and a line "version 1.2.3" of one that people read.
func prose(f Source, want Wanted) []statement {
	if !looksLikeVersion.MatchString(want.Version) || !bytes.Contains(f.Content, []byte(want.Version)) {
		return nil
	}
	var out []statement
	add := func(at int, pattern string) {
		out = append(out, statement{path: f.Path, line: 1 + bytes.Count(f.Content[:at], []byte("\n")), fact: "version", value: want.Version, rank: rankText, pattern: pattern})
	}
	version := regexp.QuoteMeta(want.Version) + `(\b|$)`
	named := regexp.MustCompile(`(?i)\b((?:lib)?` + regexp.QuoteMeta(want.Name) + `)([ /_-]v?|[ \t]+version )` + version)
	for _, m := range named.FindAllSubmatchIndex(f.Content, maxProse) {
		name := regexp.QuoteMeta(string(f.Content[m[2]:m[3]])) + regexp.QuoteMeta(string(f.Content[m[4]:m[5]]))
		before, quote := quotedBefore(f.Content[:m[0]])
		if quote != "" && bytes.HasPrefix(f.Content[m[1]:], []byte(quote)) {
			name := before + name + `(?P<version>[^` + quote + `]+)` + quote
			if sum := sumBehind(f.Content[m[1]+1:], want.SHA256); sum != "" {
				add(m[0], name+sum)
			}
			add(m[0], name)
		}
		add(m[0], `\b`+name+versionGroup)
	}
	if readme(f.Path) {
		if m := regexp.MustCompile(`(?mi)^([^\n\d"]{0,60}\bversion:?[ \t]+v?)` + version).FindSubmatchIndex(f.Content); m != nil {
			add(m[0], regexp.QuoteMeta(string(f.Content[m[2]:m[3]]))+versionGroup)
		}
	}
	return out
}

var quoteContext = regexp.MustCompile(`([A-Za-z_]\w*[ \t]*=[ \t]*)?(["'])$`)

// quotedBefore is the pattern of an opening quote at the end of text, and of the name that the string is given to.
func quotedBefore(text []byte) (pattern, quote string) {
	m := quoteContext.FindSubmatch(text[max(0, len(text)-80):])
	if m == nil {
		return "", ""
	}
	return regexp.QuoteMeta(string(m[1])) + string(m[2]), string(m[2])
}

// maxSumDistance is how far behind a version its checksum may stand, in bytes.
const maxSumDistance = 400

var tokens = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\s+|"[^"\n]*"|'[^'\n]*'|[^\s"']+`) })

// sumBehind is the pattern of what leads from a version to the checksum behind it, and of that; "" when it is not there. What
// stands in quotes between may be anything.
func sumBehind(text []byte, sha256 string) string {
	if sha256 == "" {
		return ""
	}
	end := bytes.Index(text[:min(len(text), maxSumDistance)], []byte(sha256))
	if end < 1 || text[end-1] != '"' && text[end-1] != '\'' {
		return ""
	}
	quote := text[end-1]
	if next := end + len(sha256); next >= len(text) || text[next] != quote {
		return ""
	}
	var b strings.Builder
	for _, t := range tokens().FindAll(text[:end-1], -1) {
		switch t[0] {
		case '"', '\'':
			b.WriteString(string(t[0]) + `[^` + string(t[0]) + `]*` + string(t[0]))
		case ' ', '\t', '\n', '\r':
			b.WriteString(`\s+`)
		default:
			b.WriteString(regexp.QuoteMeta(string(t)))
		}
	}
	return b.String() + string(quote) + `(?P<sha256>[0-9a-f]{64})` + string(quote)
}

const versionGroup = `(?P<version>[0-9]+(?:\.[0-9A-Za-z]+)*)`

func readme(p string) bool {
	b := strings.ToUpper(path.Base(p))
	return strings.HasPrefix(b, "README") || strings.HasPrefix(b, "VERSION") || strings.HasPrefix(b, "METADATA")
}

// fold makes names comparable: libexpat, LIB_EXPAT.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return -1
	}, s)
}
