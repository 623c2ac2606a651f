package label

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"//a:b", "//a:b"},
		{"//a", "//a:a"},
		{"//a/b", "//a/b:b"},
		{"//:x", "//:x"},
		{":x", "//pkg:x"},
		{"x", "//pkg:x"},
		{"windows/openssl", "//pkg:windows/openssl"},
		{"//release:Python-3.13.5.tar.xz", "//release:Python-3.13.5.tar.xz"},
		{"libstdc++", "//pkg:libstdc++"},
		{"@sbomctl//:rules.star", "@sbomctl//:rules.star"},
		{"@//a:b", "//a:b"},
		{"..x", "//pkg:..x"},
	} {
		l, err := Parse(c.in, "", "pkg")
		if err != nil || l.String() != c.want {
			t.Errorf("Parse(%q) = %v, %v; want %s", c.in, l, err, c.want)
		}
	}
	if l, err := Parse(":x", Embedded, "p"); err != nil || l.String() != "@sbomctl//p:x" {
		t.Errorf("relative in the embedded repository: %v, %v", l, err)
	}
	if l, err := Parse("//:x", Embedded, "p"); err != nil || l.String() != "@sbomctl//:x" {
		t.Errorf("absolute in the embedded repository: %v, %v", l, err)
	}
}

func TestParseErrors(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", "its name is empty"},
		{"//", `the root package has no name of its own`},
		{"//a:", "its name is empty"},
		{"/a:b", `hint: write "//a:b"`},
		{"a:b", `hint: write "//a:b"`},
		{"//a:all", `"all" is no target's name`},
		{"all", `"all" is no target's name`},
		{"//a/...", `"..." is a pattern`},
		{"//a/../b:c", `its package has a segment ".."`},
		{":../x", `its name has a segment ".."`},
		{":a/./x", `its name has a segment "."`},
		{":a//x", `its name contains "//"`},
		{":/x", `its name begins with "/"`},
		{":x/", `its name ends in "/"`},
		{":a:b", `its name contains ':'`},
		{":a b", "its name contains a space"},
		{`:a\b`, "its name contains a backslash"},
		{":*.c", `its name contains the wildcard "*"`},
		{":ä", `its name contains 'ä'`},
		{":a\x00", `its name contains '\x00'`},
		{"@foo//:x", `there is no repository "@foo"`},
		{"@sbomctl", `has the form "@repository//package:name"`},
		{":" + strings.Repeat("x", 5000), "longer than 4096 bytes"},
	} {
		if l, err := Parse(c.in, "", "pkg"); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Parse(%q) = %v, %v; want an error with %q", c.in, l, err, c.want)
		}
	}
	if _, err := ParseAbsolute(":x"); err == nil {
		t.Error("ParseAbsolute took a relative label")
	}
}

func TestParsePattern(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"//a:b", "//a:b"},
		{"//a", "//a:a"},
		{":b", "//cwd:b"},
		{"b", "//cwd:b"},
		{"windows/openssl", "//cwd:windows/openssl"},
		{"sub:x", "//cwd/sub:x"},
		{":all", "//cwd:all"},
		{"all", "//cwd:all"},
		{"//a:all", "//a:all"},
		{"//:all", "//:all"},
		{"//...", "//..."},
		{"//a/...", "//a/..."},
		{"//a/...:all", "//a/..."},
		{"...", "//cwd/..."},
		{"sub/...", "//cwd/sub/..."},
		{"-//...", "-//..."},
		{"-//a:b", "-//a:b"},
		{"-:b", "-//cwd:b"},
	} {
		p, err := ParsePattern(c.in, "cwd")
		if err != nil || p.String() != c.want {
			t.Errorf("ParsePattern(%q) = %v, %v; want %s", c.in, p, err, c.want)
		}
	}
	if p, err := ParsePattern("...", ""); err != nil || p.String() != "//..." {
		t.Errorf("... in the root: %v, %v", p, err)
	}
	for _, c := range []struct{ in, want string }{
		{"", "it is empty"},
		{"//", "it names no target"},
		{"/a", `hint: write "//a"`},
		{"//a/...:b", `":b" follows it`},
		{"//a/../b:x", `segment ".."`},
		{"//.../a", `segment "..."`},
		{"@sbomctl//:x", "only the workspace's own"},
		{"//a:*", `the wildcard "*"`},
		{"//a:", "its name is empty"},
	} {
		if p, err := ParsePattern(c.in, "cwd"); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("ParsePattern(%q) = %v, %v; want an error with %q", c.in, p, err, c.want)
		}
	}
}

func TestPatternsMatch(t *testing.T) {
	for _, c := range []struct {
		patterns, label string
		want            bool
	}{
		{"//...", "//:x", true},
		{"//...", "@sbomctl//:x", false},
		{"//a/...", "//a:x", true},
		{"//a/...", "//a/b:x", true},
		{"//a/...", "//ab:x", false},
		{"//a:all", "//a:x", true},
		{"//a:all", "//a/b:x", false},
		{"//a:x", "//a:x", true},
		{"//a:x", "//a:y", false},
		{"//... -//a/...", "//a:x", false},
		{"//... -//a/... //a:x", "//a:x", true},
		{"//... -//a:x", "//a:y", true},
	} {
		ps, err := ParsePatterns(strings.Fields(c.patterns), "")
		if err != nil {
			t.Fatal(err)
		}
		l, err := ParseAbsolute(c.label)
		if err != nil {
			t.Fatal(err)
		}
		if got := ps.Matches(l); got != c.want {
			t.Errorf("%s matches %s: %v", c.patterns, c.label, got)
		}
	}
	_, err := ParsePatterns([]string{"-//a:b", "//c:*", "/d"}, "")
	if err == nil || strings.Count(err.Error(), "hint:") != 2 || !strings.Contains(err.Error(), "wildcard") {
		t.Errorf("errors are not collected: %v", err)
	}
}

// TestTakenAway: which packages need not be loaded, and which directories not be looked into.
func TestTakenAway(t *testing.T) {
	for _, c := range []struct {
		patterns string
		loaded   string // of a, a/b and c
		away     string // by what follows the first pattern
	}{
		{"//...", "a a/b c", ""},
		{"//... -//a/...", "c", "a"},
		{"//... -//a:all", "a/b c", ""},
		{"//... -//a:x", "a a/b c", ""},
		{"//... -//a/... //a/b:x", "a/b c", "a"},
		{"//... -//c/... -//a/b/...", "a", "a/b c"},
		{"//... -//...", "", ""},
		{"//a:x -//c/...", "a", "c"},
	} {
		ps, err := ParsePatterns(strings.Fields(c.patterns), "")
		if err != nil {
			t.Fatal(err)
		}
		var loaded []string
		for _, pkg := range []string{"a", "a/b", "c"} {
			if ps.MatchesPackage(pkg) {
				loaded = append(loaded, pkg)
			}
		}
		if got := strings.Join(loaded, " "); got != c.loaded {
			t.Errorf("%s loads %q, want %q", c.patterns, got, c.loaded)
		}
		if got := strings.Join(ps[1:].TakenAway(), " "); got != c.away {
			t.Errorf("%s takes away %q, want %q", c.patterns, got, c.away)
		}
	}
}

func TestCheckAndOrder(t *testing.T) {
	if CheckName("a/b") != nil || CheckName("all") == nil {
		t.Error("CheckName")
	}
	a, b := Label{Pkg: "a", Name: "z"}, Label{Pkg: "b", Name: "a"}
	if a.Compare(b) != -1 || b.Compare(a) != 1 || a.Compare(a) != 0 || a.Path() != "a/z" || (Label{Name: "x"}).Path() != "x" {
		t.Error("Compare or Path")
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"//a:b", ":x", "@sbomctl//:rules.star", "//a/...", "x/../y", "//a:all"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		l, err := Parse(s, "", "pkg")
		if err != nil {
			return
		}
		again, err := ParseAbsolute(l.String())
		if err != nil || again != l {
			t.Fatalf("%q -> %q -> %q, %v", s, l, again, err)
		}
		if p := l.Path(); strings.HasPrefix(p, "/") || strings.Contains("/"+p+"/", "/../") {
			t.Fatalf("%q leaves the workspace: %q", s, p)
		}
	})
}

func FuzzParsePattern(f *testing.F) {
	for _, s := range []string{"//a:b", ":x", "//...", "-//a/...", "...", "all", "a/...:all"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePattern(s, "pkg")
		if err != nil {
			return
		}
		again, err := ParsePattern(p.String(), "")
		if err != nil || again != p {
			t.Fatalf("%q -> %q -> %q, %v", s, p, again, err)
		}
	})
}
