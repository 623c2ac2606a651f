package evidence

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestStatements(t *testing.T) {
	for _, c := range []struct{ name, file, content, want string }{
		{"expat", "x/expat.h", "int a;\n" + expatH, "2:27 version 2.7.1 own"},
		{"expat", "x/refresh.sh", refreshSh, "4:28 version 2.7.1 own, 5:27 sha256 0cce2e6e69b327fc607b8ff264f4b66bdf71ead55a87ffd5f3143f535f15cfa2 own"},
		{"hacl-star", "refresh.sh", "expected_hacl_star_rev=bb3d0dc8d9d15a5cd51094d5b69e70aa09005ff0\r\n", "1:24 revision bb3d0dc8d9d15a5cd51094d5b69e70aa09005ff0 own"},
		{"mpdecimal", "mpdecimal.h", "#define MPD_VERSION \"2.5.1\"\n", "1:22 version 2.5.1 own"},
		{"macholib", "Lib/macholib/__init__.py", "__version__ = '1.0'\n", "1:16 version 1.0 own"},
		{"zlib", "zlib.h", "#define ZLIB_VERSION \"1.3.1\"\n#define ZLIB_VER_MAJOR 1\n#define ZLIB_VER_MINOR 3\n#define ZLIB_VER_REVISION 1\n", "1:23 version 1.3.1 own, 2:24 version 1.3.1 own"},
		{"foo", "a.h", "#  define\tQUX_VERSION_MAJOR\t4\n#define QUX_VERSION_MINOR 2\n", "1:29 version 4.2"},
		{"foo", "a.h", "#define SOME_VERSION \"9.9\"\n", "1:23 version 9.9"},
		{"foo", "foo.h", "#define FOO_VERSION 0x0200\n#define FOO_MAJOR 1\n/* version 1.2.3 */\n__version__ = VERSION\nfoo_version=$other\n", ""},
		{"foo", "foo.h", "#define FOO_VERSION \"1.0\"\n#else\n#define FOO_VERSION \"2.0\"\n", ""}, // which one holds is not known
		{"foo", "foo.h", "#define FOO_VERSION \"1.0\"\x00", ""},
		{"foo", "foo.h", "#define FOO_VERSION \"1.0\"\n#define BAR_VERSION \"2.0\"\n#define FOO_API_VERSION \"3.0\"\n", "1:22 version 1.0 own, 2:22 version 2.0"},
		{"foo", "foo.h", "#define BAR_VERSION \"2.0\"\n", "1:22 version 2.0 own"},
	} {
		var got []string
		for _, s := range Statements(c.name, c.file, []byte(c.content)) {
			own := ""
			if s.Own {
				own = " own"
			}
			got = append(got, fmt.Sprintf("%d:%d %s %s%s", s.Line, s.Column, s.Fact.Fact, s.Value, own))
			if s.Path != c.file || Validate(Rule{Pattern: s.Pattern}) != nil {
				t.Errorf("%s: %+v", c.file, s)
			}
		}
		if text := strings.Join(got, ", "); text != c.want {
			t.Errorf("%q:\n got %s\nwant %s", c.content, text, c.want)
		}
	}
}

// TestStatementsFollow: the pattern of a statement finds the next version too.
func TestStatementsFollow(t *testing.T) {
	all := Statements("expat", "expat.h", []byte(expatH))
	if len(all) != 1 {
		t.Fatalf("%+v", all)
	}
	p, err := compile(Rule{Pattern: all[0].Pattern})
	if err != nil {
		t.Fatal(err)
	}
	facts, err := p.search("expat.h", []byte(strings.Replace(expatH, "7", "18", 1)))
	if err != nil || len(facts) != 1 || facts[0].value != "2.18.1" {
		t.Errorf("%v, %v", facts, err)
	}
}

// FuzzStatements: whatever a file has in it, what is proposed is valid and finds what it says.
func FuzzStatements(f *testing.F) {
	f.Add("expat", expatH)
	f.Add("expat", refreshSh)
	f.Add("m", "__version__ = '1.0'\n#define M_VERSION \"1.0\"\n")
	if b, err := os.ReadFile("doc.go"); err == nil {
		f.Add("x", string(b))
	}
	f.Fuzz(func(t *testing.T, name, content string) {
		for _, s := range Statements(name, "f.h", []byte(content)) {
			p, err := compile(Rule{Pattern: s.Pattern})
			if err != nil {
				t.Fatal(err)
			}
			facts, err := p.search("f.h", []byte(content))
			if err != nil || len(facts) == 0 || facts[0].value != s.Value || facts[0].name != s.Fact.Fact {
				t.Errorf("%q states %v, %v; proposed for %q", s.Pattern, facts, err, s.Value)
			}
		}
	})
}

// BenchmarkStatementsHostile is the worst file that is looked at.
func BenchmarkStatementsHostile(b *testing.B) {
	var text strings.Builder
	for i := 0; text.Len() < maxStating-200; i++ {
		fmt.Fprintf(&text, "#define A%d_MAJOR 1\n#define A%d_MINOR 1\n#define A%d_MICRO\n#define A%d_PATCH\n", i, i, i, i)
	}
	content := []byte(text.String())
	for b.Loop() {
		Statements("a", "a.h", content)
	}
}
