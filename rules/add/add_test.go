package add

import (
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/rules/evidence"
)

func TestTemplate(t *testing.T) {
	for _, c := range []struct{ s, version, want string }{
		{"https://x/R_2_7_1/expat-2.7.1.tar.gz", "2.7.1", "https://x/R_{version:_}/expat-{version}.tar.gz"},
		{"https://x/v1.3/zlib-1.3.1.tar.gz", "1.3", "https://x/v{version}/zlib-1.3.1.tar.gz"},
		{"https://x/21.0/foo-1.0.tgz", "1.0", "https://x/21.0/foo-{version}.tgz"},
		{"https://x/bzip2-2.tgz", "2", "https://x/bzip2-{version}.tgz"},
		{"https://x/foo-v2.tgz", "2", "https://x/foo-v{version}.tgz"},
		{"https://x/tcl8.6.16-src.tar.gz", "8.6.16", "https://x/tcl{version}-src.tar.gz"},
		{"https://x/foo", "1.0", "https://x/foo"},
		{"1.0/1.0", "1.0", "{version}/{version}"},
	} {
		if got := Template(c.s, c.version); got != c.want {
			t.Errorf("%s of %s: %s, want %s", c.s, c.version, got, c.want)
		}
	}
}

func TestContradicts(t *testing.T) {
	for _, c := range []struct{ name, version, want string }{
		{"expat-2.7.1.tar.gz", "2.7.1", ""},
		{"expat-2.7.0.tar.gz", "2.7.1", "2.7.0"},
		{"libexpat-R_2_7_1", "2.7.1", ""},
		{"libexpat-R_2_7_0", "2.7.1", "2_7_0"},
		{"libb2-0.98.1", "0.98.1", ""},
		{"libb2-0.98.1", "0.98", ""},
		{"sqlite-autoconf-3490100.tar.gz", "3.49.1", ""}, // no numbers with dots
		{"cpython-source-deps-tcl-core-8.6.15.0", "8.6.15.0", ""},
		{"Python-3.14.0rc1", "3.14.0rc1", ""},
		{"hacl-star-bb3d0dc8d9d15a5cd51094d5b69e70aa09005ff0", "bb3d0dc8d9d15a5cd51094d5b69e70aa09005ff0", ""},
		{"icu", "73.2", ""},
	} {
		if got := contradicts(c.name, c.version); got != c.want {
			t.Errorf("%s and %s: %q, want %q", c.name, c.version, got, c.want)
		}
	}
}

func TestPURL(t *testing.T) {
	for _, c := range []struct{ url, version, want string }{
		{"https://github.com/Microsoft/mimalloc/archive/refs/tags/v2.1.2.tar.gz", "2.1.2", "pkg:github/microsoft/mimalloc@v{version}"},
		{"https://github.com/hacl-star/hacl-star/archive/bb3d0dc8d9d15a5cd51094d5b69e70aa09005ff0.zip", "bb3d0dc8d9d15a5cd51094d5b69e70aa09005ff0", "pkg:github/hacl-star/hacl-star@{version}"},
		{"https://codeload.github.com/a/b/tar.gz/refs/tags/1.0", "1.0", "pkg:github/a/b@{version}"},
		// A tag that has the version in another form.
		{"https://github.com/libexpat/libexpat/releases/download/R_2_7_1/expat-2.7.1.tar.gz", "2.7.1", "pkg:github/libexpat/libexpat@R_{version:_}"},
		// A package index's file does not make a library that is copied into a tree a package of that index.
		{"https://files.pythonhosted.org/packages/ec/57/macholib-1.0.tar.gz", "1.0",
			"pkg:generic/x@{version}?download_url=https:%2F%2Ffiles.pythonhosted.org%2Fpackages%2Fec%2F57%2Fmacholib-{version}.tar.gz"},
		{"", "1.0", ""},
	} {
		if got, _ := proposePURL("x", c.version, c.url); got != c.want {
			t.Errorf("%s: %s, want %s", c.url, got, c.want)
		}
	}
}

func TestFindEvidence(t *testing.T) {
	sum := strings.Repeat("ab", 32)
	rev := strings.Repeat("0a", 20)
	for _, c := range []struct {
		name  string
		file  Source
		want  Wanted
		rules string // path and pattern, a line each; "!" and a version for a contrary statement
	}{
		{"string macro", Source{Path: "a.h", Content: []byte("#define FOO_VERSION \"1.2.3\"\n")}, Wanted{Name: "foo", Version: "1.2.3"}, `#define FOO_VERSION "(?P<version>[^"]+)"`},
		{"another version", Source{Path: "a.h", Content: []byte("#define FOO_VERSION \"1.2.3\"\n")}, Wanted{Name: "foo", Version: "1.2.2"}, "!1.2.3"},
		{"the version of something else", Source{Path: "a.h", Content: []byte("#define FOO_API_VERSION \"1.2.3\"\n#define MIN_GCC_VERSION \"1.2.3\"\n")}, Wanted{Name: "foo", Version: "1.2.3"}, ""},
		{"numbers", Source{Path: "a.h", Content: []byte("#define FOO_VERSION_MAJOR   1\n\n#define FOO_VERSION_MINOR 2\n#  define FOO_VERSION_PATCH 3\n")}, Wanted{Name: "foo", Version: "1.2.3"},
			`FOO_VERSION_MAJOR\s+(?P<version_1>\d+)\s+#define FOO_VERSION_MINOR (?P<version_2>\d+)\s+#\s+define\s+FOO_VERSION_PATCH (?P<version_3>\d+)`},
		{"numbers apart", Source{Path: "a.h", Content: []byte("#define FOO_MAJOR 1\nint x;\n#define FOO_MINOR 2\n")}, Wanted{Name: "foo", Version: "1.2"}, ""},
		{"packed", Source{Path: "a.h", Content: []byte("#define FOO_VERSION 212\n")}, Wanted{Name: "foo", Version: "2.1.2"}, `#define FOO_VERSION (?P<version_1>\d)(?P<version_2>\d)(?P<version_3>\d)\b`},
		{"script", Source{Path: "refresh.sh", Content: []byte("expected_foo_version='1.2.3'\nexpected_foo_sha256=" + sum + "\n")}, Wanted{Name: "foo", Version: "1.2.3", SHA256: sum},
			`\bexpected_foo_version='(?P<version>[^']+)'` + "\n" + `\bexpected_foo_sha256=(?P<sha256>[0-9a-f]{64})`},
		{"revision", Source{Path: "refresh.sh", Content: []byte("rev=" + rev + "\n")}, Wanted{Name: "foo", Version: rev}, `\brev=(?P<revision>[0-9a-f]{40})`},
		{"module", Source{Path: "foo.py", Content: []byte("__version__ = '1.2'\n")}, Wanted{Name: "foo", Version: "1.2"}, `__version__ = '(?P<version>[^']+)'`},
		{"file", Source{Path: "VERSION", Content: []byte("1.2.3\n")}, Wanted{Name: "foo", Version: "1.2.3"}, `\A\s*(?P<version>[^\s]+)\s*\z`},
		{"readme", Source{Path: "README", Content: []byte("This is version 1.2.3.\n")}, Wanted{Name: "foo", Version: "1.2.3"}, `This is version (?P<version>[0-9]+(?:\.[0-9A-Za-z]+)*)`},
		// A pattern that finds two versions proves nothing, and is not proposed.
		{"not everywhere", Source{Path: "a.bat", Content: []byte("foo-1.2.3\nfoo-1.2.4\n")}, Wanted{Name: "foo", Version: "1.2.3", Elsewhere: true}, ""},
		{"recipe", Source{Path: "a.py", Content: []byte("dict(\n name=\"Foo 1.2.3\",\n url=\"https://x/%s\",\n checksum='" + sum + "'),\n name=\"Bar 1\"\n")}, Wanted{Name: "foo", Version: "1.2.3", SHA256: sum, Elsewhere: true},
			`name="Foo (?P<version>[^"]+)",\s+url="[^"]*",\s+checksum='(?P<sha256>[0-9a-f]{64})'`},
		{"beside, of others", Source{Path: "bar.h", Content: []byte("#define BAR_VERSION \"1.2.3\"\n"), Beside: true}, Wanted{Name: "foo", Version: "1.2.3"}, ""},
		{"binary", Source{Path: "a.h", Content: []byte("\x00#define FOO_VERSION \"1.2.3\"\n")}, Wanted{Name: "foo", Version: "1.2.3"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			found := FindEvidence([]Source{c.file}, c.want)
			for _, r := range found.Rules {
				if r.Path != c.file.Path {
					t.Errorf("path %s", r.Path)
				}
				got = append(got, r.Pattern)
			}
			for _, o := range found.Contrary {
				got = append(got, "!"+o.Version)
			}
			if strings.Join(got, "\n") != c.rules {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), c.rules)
			}
		})
	}
}

// What is proposed is what a build accepts, whatever the file.
func FuzzFindEvidence(f *testing.F) {
	f.Add("a.h", []byte("#define FOO_VERSION \"1.2.3\"\n#define FOO_MAJOR 1\n#define FOO_MINOR 2\n#define FOO_PATCH 3"), "foo", "1.2.3")
	f.Add("a.py", []byte("name=\"foo 1.2.3\", checksum='"+strings.Repeat("a", 64)+"'"), "foo", "1.2.3")
	f.Fuzz(func(t *testing.T, path string, content []byte, name, version string) {
		for _, elsewhere := range []bool{false, true} {
			want := Wanted{Name: name, Version: version, SHA256: strings.Repeat("a", 64), Elsewhere: elsewhere}
			for _, r := range FindEvidence([]Source{{Path: path, Content: content}}, want).Rules {
				if err := evidence.Validate(r); err != nil {
					t.Fatalf("%q: %v", r.Pattern, err)
				}
				facts, err := evidence.States(r.Pattern, path, content)
				if err != nil || len(facts) == 0 {
					t.Fatalf("%q: %v %v", r.Pattern, facts, err)
				}
			}
		}
	})
}

// raw yields a literal that is the pattern again.
func TestRaw(t *testing.T) {
	for s, want := range map[string]string{
		`a\d`: `r"a\d"`, `a"b`: `r'a"b'`, `a"b'c`: `r"""a"b'c"""`, `a\`: `"a\\"`, "a\nb": `"a\nb"`,
	} {
		if got := raw(s); got != want {
			t.Errorf("%q: %s, want %s", s, got, want)
		}
	}
}
