package version

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Others returns what looks like another version in a URL than the one that it should be of, in the order of the text: such as 2_6_3
// in the URL of 2.7.1. What it takes for a version is narrow, because it is an error where it is found:
//
//	three numbers or more, joined by dots, underscores or dashes, of which the first is no year
//	two numbers, where the version has no more
//	a folder of two numbers with the first number of the version: .../2.6/... of 2.7.1
//	a commit, where the version is one; seven digits as SQLite writes them, where the version is in the URL in no form
//
// The host is not looked at. The beginning of the version is none of another: 3.14.0 of 3.14.0rc1, 2.7 of 2.7.1.
func Others(text, version string) []string {
	text = path(text)
	own := spans(text, version)
	var out []string
	add := func(at []int) {
		if slices.ContainsFunc(own, func(s [2]int) bool { return at[0] < s[1] && s[0] < at[1] }) {
			return
		}
		if token := text[at[0]:at[1]]; !slices.Contains(out, token) {
			out = append(out, token)
		}
	}
	if commit().FindString(version) == version && version != "" {
		for _, at := range commit().FindAllStringIndex(text, -1) {
			if !touches(text, at) {
				add(at)
			}
		}
		return out
	}
	of := leading(version)
	for _, at := range joined().FindAllStringIndex(text, -1) {
		n := leading(strings.NewReplacer("_", ".", "-", ".").Replace(text[at[0]:at[1]]))
		if n == nil || of == nil || n[0] >= firstYear && of[0] < firstYear || touches(text, at) {
			continue
		}
		if begins(of, n) {
			if whole := tail(text, at); prerelease().MatchString(text[at[1]:whole[1]]) && text[at[0]:at[1]] == version {
				add(whole)
			} else if len(own) == 0 && !wholeFolder(text, at) && !strings.HasPrefix(text[at[0]:], version) && !(begins(n, of) && plain(version)) {
				add(tail(text, at)) // the version is in it in no form, and the file is called by a shorter one: zlib-1.3.tgz of 1.3.1
			}
			continue
		}
		if i := at[0]; i > 0 && isLetter(text[i-1]) && len(n) > len(of) && begins(of, n[1:]) {
			continue // a name that ends in a number: pythonarm64.3.13.5
		}
		if whole := wholeFolder(text, at); len(n) >= 3 || len(of) == 2 && !whole || whole && len(of) > 1 && n[0] == of[0] {
			add(tail(text, at))
		}
	}
	if len(own) == 0 && len(out) == 0 && sqlite(version) != "" {
		for _, at := range sqliteNumber().FindAllStringIndex(text, -1) {
			if !touches(text, at) && at[0] > strings.LastIndexByte(text, '/') && strings.HasPrefix(text[at[0]:at[1]], sqlite(version)[:1]) {
				add(at)
			}
		}
	}
	return out
}

// firstYear is the least number that is taken for a year.
const firstYear = 1900

var (
	joined       = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[0-9]+(?:(?:\.[0-9]+)+|(?:_[0-9]+)+|(?:-[0-9]+)+)`) })
	commit       = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[0-9a-f]{40}`) })
	prerelease   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(?:a|b|rc|alpha|beta|pre|dev)[0-9]+$`) })
	sqliteNumber = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[0-9]{7}`) })
)

// path is a URL without its scheme and host.
func path(text string) string {
	_, rest, ok := strings.Cut(text, "://")
	if !ok {
		return text
	}
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		return rest[i:]
	}
	return ""
}

// spans returns where a version is in text, in any form.
func spans(text, version string) [][2]int {
	if version == "" {
		return nil
	}
	ways := writings(version)
	var out [][2]int
	for _, name := range []bool{false, true} {
		for i := 0; i < len(text); {
			f, old := match(text, i, ways, name)
			if f == nil {
				i++
				continue
			}
			out = append(out, [2]int{i, i + len(old)})
			i += len(old)
		}
		if len(out) > 0 {
			break
		}
	}
	return out
}

// leading returns the numbers that a version begins with: 3, 14, 0 of 3.14.0rc1. A letter or zero in front is no part of one.
func leading(v string) []int {
	end := strings.IndexFunc(v, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
	if end < 0 {
		end = len(v)
	}
	var parts []string
	for _, p := range strings.Split(strings.Trim(v[:end], "."), ".") {
		if p = strings.TrimLeft(p, "0"); p == "" {
			p = "0"
		}
		parts = append(parts, p)
	}
	if end == 0 {
		return nil
	}
	return numbers(strings.Join(parts, "."))
}

// begins reports whether a version begins with other, or is other but for zeros at the end.
func begins(version, other []int) bool {
	for i, n := range other {
		if i < len(version) && version[i] != n || i >= len(version) && n != 0 {
			return false
		}
	}
	return true
}

// touches reports whether text goes on with more of the same before or behind a token, so that it is a part of something else.
func touches(text string, at []int) bool {
	word := func(c byte) bool { return isDigit(c) || isLetter(c) }
	if i := at[0]; i > 0 && word(text[i-1]) {
		// A name may stand right before a version (tcl8.6.16), but not a number or the middle of a hash.
		j := i
		for j > 0 && word(text[j-1]) {
			j--
		}
		return strings.ContainsAny(text[j:i], "0123456789")
	}
	return false
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// plain reports whether a version is numbers and dots.
func plain(version string) bool { return strings.Trim(version, "0123456789.") == "" }

// wholeFolder reports whether a token is a whole folder of a path, perhaps with a "v".
func wholeFolder(text string, at []int) bool {
	before := strings.TrimSuffix(text[:at[0]], "v")
	return strings.HasSuffix(before, "/") && strings.HasPrefix(text[at[1]:], "/")
}

// tail adds to a token what belongs to its last part: rc1 of 2.7.1rc1.
func tail(text string, at []int) []int {
	end := at[1]
	for end < len(text) && (isDigit(text[end]) || text[end] >= 'a' && text[end] <= 'z') {
		end++
	}
	return []int{at[0], end}
}

// Replaced returns a URL with a version in the place of others, each in the form that it has. It is what was meant, as a proposal.
func Replaced(text string, others []string, version string) string {
	for _, o := range others {
		old := strings.NewReplacer("_", ".", "-", ".").Replace(o)
		if moved, found, err := Move(text, old, version); err == nil && len(found) > 0 {
			text = moved
		} else {
			text = strings.ReplaceAll(text, o, version)
		}
	}
	return text
}

// Of returns the version in the name of a file: its first numbers that are joined by dots and do not stand right behind a letter, with
// the tail of a pre-release. "" is none.
func Of(name string) string {
	for _, at := range named().FindAllStringIndex(name, -1) {
		i := at[0]
		if i == 0 || !isLetter(name[i-1]) || name[i-1] == 'v' && (i < 2 || !isLetter(name[i-2])) {
			return name[at[0]:at[1]]
		}
	}
	return ""
}

var named = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[0-9]+(?:\.[0-9]+)+(?:(?:a|b|rc)[0-9]+)?`) })
