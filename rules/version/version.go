// Package version knows how a version is written in other places than where it is declared: in the names of tags and archives, in
// CPEs and package URLs. There is one table of forms. A placeholder writes one ([Fill]), a text that is written out is looked through
// for them ([Find], [Others]) and moved to another version ([Move]), or made one with placeholders ([Fold]).
//
//	form             placeholder        of 3.49.1        seen in
//	as declared      {version}          3.49.1           nearly everywhere
//	percent-encoded                     (1%2B2 of 1+2)   package URLs
//	underscores      {version:_}        3_49_1           tags of expat (R_2_7_1), ICU, Boost
//	dashes           {version:-}        3-49-1           tags of ICU
//	four parts       {version:four}     3.49.1.0         python/cpython-source-deps
//	without .0       {version:three}    3.49.1           of 3.49.1.0, which is declared for that
//	sqlite           {version:sqlite}   3490100          archives of SQLite
//	series           {version:series}   3.49             a whole folder of a URL: .../3.49/...
//	digits           {version:digits}   3491             in the name of a file (zlib131.zip), where no other form is
//
// A version is found only where it ends: 2.7.1 is neither in 12.7.1 nor in 2.7.10, 2.7.1.3 or 2.7.1rc1.
package version

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// form writes a version in another way; "" when it has no such form.
type form struct {
	name  string
	key   string // of the placeholder, behind the colon
	write func(version string) string
	joint byte // what separates the parts, beside the dot
	where int
}

// where a form is looked for.
const (
	anywhere = iota
	folder   // a whole folder of a path, perhaps with a "v"
	filename // behind the last "/", where no other form was found
)

var forms = []form{
	{"as declared", "", func(v string) string { return v }, 0, anywhere},
	{"percent-encoded", noKey, url.QueryEscape, 0, anywhere},
	{"underscores", "_", func(v string) string { return strings.ReplaceAll(v, ".", "_") }, '_', anywhere},
	{"dashes", "-", func(v string) string { return strings.ReplaceAll(v, ".", "-") }, '-', anywhere},
	{"four parts", "four", fourParts, 0, anywhere},
	{"without .0", "three", withoutZero, 0, anywhere},
	{"sqlite", "sqlite", sqlite, 0, anywhere},
	{"series", "series", series, 0, folder},
	{"digits", "digits", digits, 0, filename},
}

// noKey is the key of a form that has no placeholder.
const noKey = "%"

// numbers returns the parts of a version that is numbers and dots; nil for any other.
func numbers(v string) []int {
	var out []int
	for _, p := range strings.Split(v, ".") {
		n, err := strconv.Atoi(p)
		if err != nil || n < 0 || strconv.Itoa(n) != p {
			return nil
		}
		out = append(out, n)
	}
	return out
}

func fourParts(v string) string {
	n := len(numbers(v))
	if n == 0 || n > 3 {
		return ""
	}
	return v + strings.Repeat(".0", 4-n)
}

func withoutZero(v string) string {
	short, ok := strings.CutSuffix(v, ".0")
	if !ok || len(numbers(short)) != 3 {
		return ""
	}
	return short
}

func sqlite(v string) string {
	n := numbers(v)
	if len(n) < 3 || len(n) > 4 || slices.Max(n[1:]) > 99 {
		return ""
	}
	n = append(n, 0)
	return fmt.Sprintf("%d%02d%02d%02d", n[0], n[1], n[2], n[3])
}

func series(v string) string {
	n := numbers(v)
	if len(n) < 3 {
		return ""
	}
	return fmt.Sprintf("%d.%d", n[0], n[1])
}

func digits(v string) string {
	if len(numbers(v)) < 3 {
		return ""
	}
	return strings.ReplaceAll(v, ".", "")
}

// Move returns text with one version in the place of another, in every form in which it is found, and the names of those
// forms. It is an error when the new version has no such form.
func Move(text, from, to string) (moved string, found []string, err error) {
	moved, found, err = move(text, from, to, false)
	if err != nil || len(found) > 0 || strings.Contains(text, "{version") {
		return moved, found, err
	}
	return move(text, from, to, true)
}

func move(text, from, to string, name bool) (string, []string, error) {
	return replace(text, from, name, func(f *form, old string, _ int) (string, error) {
		now := f.write(to)
		if now == "" {
			return "", fmt.Errorf("%q is %s written as %s, and %s cannot be written so", old, from, f.name, to)
		}
		return now, nil
	})
}

// replace returns text with something else in the place of each form of a version, and the names of the forms.
func replace(text, version string, name bool, by func(f *form, old string, at int) (string, error)) (string, []string, error) {
	var b strings.Builder
	var found []string
	ways := writings(version)
	for i := 0; i < len(text); {
		f, old := match(text, i, ways, name)
		if f == nil {
			b.WriteByte(text[i])
			i++
			continue
		}
		now, err := by(f, old, i)
		if err != nil {
			return text, nil, err
		}
		b.WriteString(now)
		i += len(old)
		if !slices.Contains(found, f.name) {
			found = append(found, f.name)
		}
	}
	return b.String(), found, nil
}

// Find returns the names of the forms in which a version is in text.
func Find(text, version string) []string {
	if version == "" {
		return nil
	}
	_, found, _ := Move(text, version, version)
	return found
}

// Fold returns text with placeholders in the place of a version, in whatever form it is there: what Fill makes the text of again. A
// form that has no placeholder stays, and so do placeholders that are there.
func Fold(text, version string) string {
	if version == "" || strings.Contains(version, "{") {
		return text
	}
	by := func(f *form, old string, at int) (string, error) {
		inside := strings.LastIndexByte(text[:at], '{') > strings.LastIndexByte(text[:at], '}')
		if f.key == noKey || inside {
			return old, nil
		}
		return placeholder("version", f.key), nil
	}
	folded, found, _ := replace(text, version, false, by)
	if len(found) == 0 && !strings.Contains(text, "{") {
		folded, _, _ = replace(text, version, true, by)
	}
	return folded
}

// writings is a version in each of the forms.
func writings(version string) []string {
	out := make([]string, len(forms))
	for k := range forms {
		out[k] = forms[k].write(version)
	}
	return out
}

// match returns the form in which a version, whose writings are given, is in text at i, the longest one, and how it is written there.
func match(text string, i int, ways []string, name bool) (best *form, old string) {
	for k, s := range ways {
		f := &forms[k]
		if len(s) <= len(old) || (f.where == filename) != name || !strings.HasPrefix(text[i:], s) {
			continue
		}
		ok := ends(text, i, i+len(s), f.joint) && (f.where == filename || standsAlone(text, i, s))
		switch f.where {
		case folder:
			before := strings.TrimSuffix(text[:i], "v")
			ok = strings.HasSuffix(before, "/") && strings.HasPrefix(text[i+len(s):], "/")
		case filename:
			ok = ok && i > strings.LastIndexByte(text, '/')
		}
		if ok {
			best, old = f, s
		}
	}
	return best, old
}

// ends reports whether a version, text[i:j], is not a part of a longer one.
func ends(text string, i, j int, joint byte) bool {
	if i > 0 && (isDigit(text[i-1]) || i > 1 && isJoint(text[i-1], joint) && isDigit(text[i-2])) {
		return false
	}
	if isWord := func(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }; i > 0 && isWord(text[i]) && isWord(text[i-1]) {
		return false // inside a word
	}
	rest := text[j:]
	if rest == "" || strings.HasPrefix(rest, ".7z") {
		return true
	}
	c := rest[0] | 0x20
	return !(isDigit(rest[0]) || c >= 'a' && c <= 'z' || len(rest) > 1 && isJoint(rest[0], joint) && isDigit(rest[1]))
}

// standsAlone reports whether a version that is one number is no part of a name: "v2" is a version, "bzip2" a name.
func standsAlone(text string, i int, v string) bool {
	if i == 0 || strings.Trim(v, "0123456789") != "" {
		return true
	}
	letter := func(k int) bool { return k >= 0 && (text[k]|0x20 >= 'a' && text[k]|0x20 <= 'z') }
	return !letter(i-1) || text[i-1] == 'v' && !letter(i-2) && (i < 2 || !isDigit(text[i-2]))
}

func isJoint(c, joint byte) bool { return c == '.' || joint != 0 && c == joint }
func isDigit(c byte) bool        { return c >= '0' && c <= '9' }

// Like returns v with as many parts as another version has by ending in ".0": 3.50.0 like 3.49.1.0 is 3.50.0.0.
func Like(v, other string) string {
	switch n := len(numbers(v)); {
	case n == 3 && len(numbers(other)) == 4 && strings.HasSuffix(other, ".0"):
		return v + ".0"
	case n == 4 && len(numbers(other)) == 3 && strings.HasSuffix(v, ".0"):
		return strings.TrimSuffix(v, ".0")
	}
	return v
}

// Older reports whether v certainly comes before other: both are numbers and dots.
func Older(v, other string) bool {
	a, b := numbers(v), numbers(other)
	return a != nil && b != nil && slices.Compare(a, b) < 0
}
