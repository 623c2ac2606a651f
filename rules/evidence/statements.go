package evidence

import (
	"path"
	"regexp"
	"sort"
	"strings"
	"sync"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// Statement is a place where a file states a version, revision or checksum in a form that is known, with the evidence that
// finds it: a pattern of its own words around the value, which finds the value still when it changes.
type Statement struct {
	Fact
	Pattern string // the evidence is regex(Path, Pattern)
	Own     bool   // a name beside the value, or the file's, is like the package's: it is what the package says of itself
}

// Bounds of what is looked at: the size of a file, and its statements. A search takes a second for each 20 MB or so.
const (
	maxStating    = 2 << 20
	maxStatements = 16
)

// Statements returns what a file states that belongs to the package called name, in the order of the file. These forms are known:
//
//	#define XML_MAJOR_VERSION 2, then ..._MINOR_..., then ..._MICRO_... or _PATCH_, _REVISION_, _RELEASE_
//	#define MPD_VERSION "2.5.1"
//	expected_libexpat_version="2.7.1"   also ..._sha256, ..._rev, ..._revision, ..._commit
//	__version__ = '1.0'
//
// Prose is none: nobody keeps it right. A pattern whose matches in the file do not agree is left out.
func Statements(name, file string, content []byte) []Statement {
	if len(content) > maxStating || diag.CheckText(file, content) != nil {
		return nil
	}
	var out []Statement
	seen := map[string]bool{}
	named := false // one of them names the package; those that do not are then of something else
	add := func(expr, subject string) {
		if len(out) == maxStatements || seen[expr] || foreign().MatchString(subject) {
			return
		}
		seen[expr] = true
		p, err := compile(Rule{Pattern: expr})
		if err != nil {
			return
		}
		facts, err := p.search(file, content)
		if err != nil || len(facts) == 0 {
			return
		}
		for _, f := range facts {
			if f.value != facts[0].value {
				return
			}
		}
		pos := diag.At(file, content, facts[0].at)
		out = append(out, Statement{Fact{file, pos.Line, pos.Col, facts[0].name, facts[0].value}, expr, alike(name, subject)})
		named = named || alike(name, subject)
	}
	text := string(content)
	for _, m := range defineMajor().FindAllStringSubmatch(text, maxStatements) {
		for _, expr := range macros(text, m[1]) {
			if n := len(out); n == maxStatements {
				break
			} else if add(expr, subject(m[1])); len(out) > n {
				break
			}
		}
	}
	for _, m := range defineVersion().FindAllStringSubmatch(text, maxStatements) {
		add(`#\s*define\s+`+m[1]+`\s+"(?P<version>[^"]+)"`, subject(m[1]))
	}
	for _, m := range assignment().FindAllStringSubmatch(text, maxStatements) {
		quote, value := m[3], ""
		switch word := strings.ToLower(m[2]); {
		case word == "version" && versionLike().MatchString(m[4]):
			value = `(?P<version>[0-9A-Za-z.+-]+)`
		case strings.HasPrefix(word, "sha256") && isHex(m[4], 64):
			value = `(?P<sha256>[0-9a-fA-F]{64})`
		case (strings.HasPrefix(word, "rev") || word == "commit") && isHex(m[4], 40):
			value = `(?P<revision>[0-9a-f]{40})`
		default:
			continue
		}
		add(`\b`+m[1]+m[2]+`=`+quote+value+quote, m[1])
	}
	for _, m := range dunderVersion().FindAllStringSubmatch(text, maxStatements) {
		if quote := m[1]; versionLike().MatchString(m[2]) {
			add(`\b__version__\s*=\s*`+quote+`(?P<version>[^'"]+)`+quote, path.Base(path.Dir(file)))
		}
	}
	for i := range out {
		out[i].Own = out[i].Own || !named && ownFile(name, file)
	}
	sort.SliceStable(out, func(i, k int) bool {
		a, b := out[i], out[k]
		return a.Line < b.Line || a.Line == b.Line && a.Column < b.Column
	})
	return out
}

var (
	defineMajor = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?m)^[ \t]*#[ \t]*define[ \t]+([A-Za-z][A-Za-z0-9_]{0,60})[ \t]+[0-9]{1,6}[ \t\r]*(?://.*|/\*.*)?$`)
	})
	defineVersion = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?m)^[ \t]*#[ \t]*define[ \t]+([A-Za-z][A-Za-z0-9_]{0,60}_VERSION(?:_STR|_STRING)?|VERSION)[ \t]+"[0-9]+\.[0-9][^"\n]{0,60}"`)
	})
	assignment = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?m)^[ \t]*([A-Za-z][A-Za-z0-9_]{0,60}_)(version|VERSION|sha256|sha256sum|SHA256|rev|revision|REV|REVISION|commit|COMMIT)=(["']?)([0-9A-Za-z.+-]{1,64})["']?[ \t\r]*(?:#.*)?$`)
	})
	dunderVersion = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?m)^__version__[ \t]*=[ \t]*(["'])([^'"\n]{1,64})["']`)
	})
	versionLike = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9]+(\.[0-9A-Za-z]+)+([-+][0-9A-Za-z.]+)?$`) })
)

// foreign are words in the name of a version that is another's than the package's own: of a compiler, an interface, a format.
var foreign = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)(^|_)(abi|api|clang|compat|file|format|gcc|gnuc|glibc|max|min|msc|old|proto|protocol|py|python|required?|schema|soname|stdc)(_|$)`)
})

// macros returns the patterns to try for a macro that may be the first of a version's: the longest first.
func macros(text, major string) []string {
	at := strings.Index(major, "MAJOR")
	if at < 0 {
		return nil
	}
	macro := func(word string) string { return major[:at] + word + major[at+len("MAJOR"):] }
	define := func(word string, n string) string {
		return `#\s*define\s+` + macro(word) + `\s+(?P<version_` + n + `>\d+)`
	}
	if !strings.Contains(text, macro("MINOR")) {
		return nil
	}
	two := define("MAJOR", "1") + `\s+` + define("MINOR", "2")
	var out []string
	for _, third := range []string{"MICRO", "PATCH", "PATCHLEVEL", "REVISION", "RELEASE"} {
		if strings.Contains(text, macro(third)) {
			out = append(out, two+`\s+`+define(third, "3"))
		}
	}
	return append(out, two)
}

// subject is the part of a macro's name that says whose it is.
func subject(macro string) string {
	words := strings.Split(macro, "_")
	kept := words[:0]
	for _, w := range words {
		switch w {
		case "VERSION", "VER", "MAJOR", "STR", "STRING", "":
		default:
			kept = append(kept, w)
		}
	}
	return strings.Join(kept, "_")
}

// alike reports whether a word in a file may be a name of the package: one has the other in it.
func alike(name, word string) bool {
	a, b := letters(name), letters(word)
	return len(a) >= 2 && len(b) >= 2 && (strings.Contains(a, b) && len(b) >= 3 || strings.Contains(b, a))
}

// ownFile reports whether a file has the package's name: expat.h.
func ownFile(name, file string) bool {
	base := path.Base(file)
	return alike(name, strings.TrimSuffix(base, path.Ext(base)))
}

// letters is a name without what is written differently from place to place.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(s))
}

func isHex(s string, n int) bool {
	return len(s) == n && strings.Trim(s, "0123456789abcdefABCDEF") == ""
}
