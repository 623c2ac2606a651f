package files

import (
	"math/rand"
	"slices"
	"strings"
	"testing"

	"github.com/bmatcuk/doublestar/v4"
)

// TestMatchAsPython has what Python 3.13's glob.glob(pattern, recursive=True) finds, directories
// left out, in a tree of these files; braces are doublestar's own.
func TestMatchAsPython(t *testing.T) {
	tree := []string{"a/b.c", "a/.h", "a/.d/x", "a/s/y", "a/s/.z", "f", ".dot/q", ".dot/.r"}
	for _, c := range []struct {
		pattern string
		want    []string
	}{
		{"a/**", []string{"a/b.c", "a/s/y"}},
		{"f/**", nil},
		{"**/*", []string{"a/b.c", "a/s/y", "f"}},
		{"**", []string{"a/b.c", "a/s/y", "f"}},
		{"a/**/y", []string{"a/s/y"}},
		{"a/**/**/y", []string{"a/s/y"}},
		{".*", nil},
		{".dot/**", []string{".dot/q"}},
		{".dot/.*", []string{".dot/.r"}},
		{"a/[.]h", nil},
		{"a/?h", nil},
		{"**/.h", []string{"a/.h"}},
		{"a/.*/x", []string{"a/.d/x"}},
		{"a/b**", []string{"a/b.c"}},
		{"a/**b.c", []string{"a/b.c"}},
		{"a", nil},
		{"a/b.c", []string{"a/b.c"}},
		{"a/.h", []string{"a/.h"}},
		{"A/b.c", nil},
		{"a/[!x].?", []string{"a/b.c"}},
		{"a/{b.c,s/*}", []string{"a/b.c", "a/s/y"}},
		{"{a/**,f}", []string{"a/b.c", "a/s/y", "f"}},
		{"a/{.h,{.d,s}/{x,y}}", []string{"a/.d/x", "a/.h", "a/s/y"}},
		{"a/{,s/}y", []string{"a/s/y"}},
	} {
		m, err := Compile([]string{c.pattern}, nil)
		if err != nil {
			t.Errorf("%s: %v", c.pattern, err)
			continue
		}
		var got []string
		for _, p := range tree {
			if _, ok := m.Match(p); ok {
				got = append(got, p)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s matches %q, want %q", c.pattern, got, c.want)
		}
		if sel, err := m.Expand(pathTree(tree)); err != nil || !slices.Equal(pathsOf(sel), c.want) {
			t.Errorf("%s expands to %q, %v; want %q", c.pattern, pathsOf(sel), err, c.want)
		}
	}
}

func pathsOf(s *Selection) []string {
	var out []string
	if s != nil {
		for _, m := range s.Matches {
			out = append(out, m.Path)
		}
	}
	return out
}

func TestMatchOddNames(t *testing.T) {
	for pattern, name := range map[string]string{
		"a b/*": "a b/c\nd", "*": `a\b`, "-*": "-rf", "..f*": "..foo", "...": "...", "[*]": "*", "[[]x]": "[x]", `"*'`: `"x'`,
		"[{]a,b}": "{a,b}", "a[,{]b": "a{b", "é*": "é\xff", "?": "é",
	} {
		m, err := Compile([]string{pattern}, nil)
		if err != nil {
			if pattern == "[{]a,b}" { // a brace without its pair
				continue
			}
			t.Errorf("%q: %v", pattern, err)
			continue
		}
		if _, ok := m.Match(name); !ok {
			t.Errorf("%q does not match %q", pattern, name)
		}
	}
}

func TestCompileErrors(t *testing.T) {
	for pattern, want := range map[string]string{
		"":                                `pattern "" is empty; a path relative to the tree's root is expected`,
		"/etc/x":                          `pattern "/etc/x" is absolute; a path relative to the tree's root is expected`,
		"../x":                            `pattern "../x" has the segment ".."; a path relative to the tree's root is expected, without . and ..`,
		"a/./b":                           `pattern "a/./b" has the segment "."; a path relative to the tree's root is expected, without . and ..`,
		"a/{b,..}/c":                      `pattern "a/{b,..}/c" has the segment ".."; a path relative to the tree's root is expected, without . and ..`,
		"a//b":                            `pattern "a//b" has an empty segment`,
		"{,a}/b":                          `pattern "{,a}/b" has an empty segment`,
		"{,a}":                            `pattern "{,a}" has an empty segment`,
		"a/":                              "pattern \"a/\" ends in a slash; it has to match files\n  hint: to match every file below a directory write \"a/**\"",
		`a\b`:                             `pattern "a\\b" has a backslash; segments are separated by slashes, and a special character is written in brackets, as in [*]`,
		"a[b":                             `pattern "a[b" is malformed; every [ needs a ], every { a }`,
		"a{b":                             `pattern "a{b" is malformed; every [ needs a ], every { a }`,
		"a}b":                             `pattern "a}b" is malformed; every [ needs a ], every { a }`,
		"a[]b":                            `pattern "a[]b" is malformed; every [ needs a ], every { a }`,
		"a[b/c]":                          `pattern "a[b/c]" is malformed; brackets cannot hold a slash`,
		"\xff":                            `pattern "\xff" is not valid UTF-8 text`,
		strings.Repeat("{a,b}", 11):       `pattern "` + strings.Repeat("{a,b}", 11) + `" expands to more than 1024 alternatives`,
		strings.Repeat("x", maxPattern+1): `pattern "` + strings.Repeat("x", 64) + `..." is too long; at most 4096 bytes are allowed`,
	} {
		_, err := Compile([]string{pattern}, nil)
		if err == nil || err.Error() != want {
			t.Errorf("%q: got %v\nwant %s", pattern, err, want)
		}
	}
	if _, err := Compile([]string{"a[", "b"}, []string{"/c"}); err == nil || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("two errors are not reported together: %v", err)
	}
}

// plainMatch is the definition of a match, tried out in every way.
func plainMatch(segments []segment, names []string) bool {
	if len(segments) == 0 || len(names) == 0 {
		return len(segments) == 0 && len(names) == 0
	}
	if segments[0].text == "**" {
		if hidden(names[0]) {
			return len(segments) > 1 && plainMatch(segments[1:], names)
		}
		return len(segments) == 1 && len(names) == 1 || plainMatch(segments, names[1:]) || len(segments) > 1 && plainMatch(segments[1:], names)
	}
	ok := doublestar.MatchUnvalidated(segments[0].text, names[0]) && (!hidden(names[0]) || hidden(segments[0].text))
	return ok && plainMatch(segments[1:], names[1:])
}

func TestAutomatonAgainstDefinition(t *testing.T) {
	rnd := rand.New(rand.NewSource(1))
	parts := []string{"a", "b", ".a", "**", "**", "*", "a*", "*b", "?", ".*", "[ab]", "{a,.a}", "{a/b,b,*}"}
	names := []string{"a", "b", "ab", ".a", ".ab", "c"}
	pick := func(from []string, most int) string {
		var s []string
		for range 1 + rnd.Intn(most) {
			s = append(s, from[rnd.Intn(len(from))])
		}
		return strings.Join(s, "/")
	}
	matched := 0
	for range 3000 {
		include, exclude := []string{pick(parts, 5), pick(parts, 5)}, []string{pick(parts, 4)}
		m, err := Compile(include, exclude)
		if err != nil {
			t.Fatal(err)
		}
		is := func(pattern, path string) bool {
			alternatives, err := parsePattern(pattern)
			if err != nil {
				t.Fatal(err)
			}
			return slices.ContainsFunc(alternatives, func(s []segment) bool { return plainMatch(s, strings.Split(path, "/")) })
		}
		for range 20 {
			path := pick(names, 6)
			want := slices.IndexFunc(include, func(p string) bool { return is(p, path) })
			if want >= 0 {
				matched++
				for i := range path {
					if path[i] == '/' && len(m.include.walk(path[:i])) == 0 {
						t.Fatalf("%q: %q matches, but %q is not descended", include, path, path[:i])
					}
				}
				if len(m.include.walk("")) == 0 {
					t.Fatalf("%q: the root is not descended", include)
				}
			}
			if want >= 0 && is(exclude[0], path) {
				want = -1
			}
			if got, ok := m.Match(path); got != want || ok != (want >= 0) {
				t.Fatalf("%q without %q on %q: %d, %v; want %d", include, exclude, path, got, ok, want)
			}
		}
	}
	if matched < 1000 {
		t.Errorf("only %d of 60000 matched: the test says little", matched)
	}
}

func FuzzCompile(f *testing.F) {
	for _, s := range []string{"a/**/[!b-d]?*.{c,h}", "{a,{b,c}/d}", "[]", "**/**", "{[},]}", "[a/b]", "a{,}"} {
		f.Add(s, "a/b/c.h")
	}
	f.Fuzz(func(t *testing.T, pattern, path string) {
		m, err := Compile([]string{pattern}, []string{pattern})
		if err != nil {
			return
		}
		if _, ok := m.Match(path); ok {
			t.Fatal("a file is both excluded and in the set")
		}
		alternatives, _ := parsePattern(pattern)
		for _, a := range alternatives {
			for _, s := range a {
				if s.form == formLiteral && !s.match(s.text) {
					t.Fatalf("%q: %q does not match itself", pattern, s.text)
				}
			}
		}
	})
}
