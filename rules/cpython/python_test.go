package cpython

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/rules/version"
)

// show is a literal as text, for tests.
func show(v *literal) string {
	var parts []string
	for i := range v.items {
		part := show(&v.items[i])
		if i < len(v.keys) && v.kind == literalDict {
			part = show(&v.keys[i]) + ":" + part
		} else if i < len(v.keys) && v.keys[i].text != "" {
			part = v.keys[i].text + "=" + part
		}
		parts = append(parts, part)
	}
	switch inner := strings.Join(parts, ","); v.kind {
	case literalString:
		return fmt.Sprintf("%q", v.text)
	case literalList:
		return "[" + inner + "]"
	case literalDict:
		return "{" + inner + "}"
	case literalCall:
		return v.text + "(" + inner + ")"
	}
	return v.text
}

func TestGlobal(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"X = 'a'", `"a"`},
		{"X: dict[str, list] = {'a': [1, None], \"b\": ()}\n", `{"a":[1,None],"b":[]}`},
		{"\"\"\"doc\nX = 1\n\"\"\"\ndef f():\n    X = 2\nX = {\n  # a comment ' \" {\n  'a', 'b' 'c', # more\n}\n", `["a","bc"]`},
		{"X = P.F(['a'], exclude=[r'\\d', b'x'],)", `P.F(["a"],exclude=["\\d","x"])`},
		{"X = ('a')\n", `"a"`}, {"X = ('a',)\n", `["a"]`}, {"X = {}\n", `{}`}, {"X = {'a': 'b',}\n", `{"a":"b"}`},
		{"X = ('a'\r\n     'b')\r\nY = 2\r\n", `"ab"`}, {"X = \\\n  'a\\\nb\\n\\q'\n", `"ab\n\\q"`},
		{"Y = f\"{x['X']}{\"\"}\nX = 1\n", "1:5: the string is not closed on its line"},
		{"Y = f\"{x[\"a\"]:>{w}} {{\"\nX = 1\n", "1"},
		{"Y = 1\n", "none"},
		{"X = 1\nX = 2\n", "2:1: X is assigned a second time; the first is at f.py:1:5"},
		{"X = [a for a in b]\n", `1:6: "a" is a name, and not a literal`},
		{"X = dict('a' for b in c)\n", `1:14: "for" is not expected here, but "," or ")" is`},
		{"X = [1] + [2]\n", `1:9: the value of X is a literal with "+" behind it, expected the end of the statement`},
		{"X = {'a': 1, 'b'}\n", `1:17: "}" is not expected here, but ":" is`},
		{"X = {'a', 'b': 1}\n", `1:14: ":" is not expected here, but "," or "}" is`},
		{"X = ['a' 'b' f'c']\n", "1:14: a string that is computed is not expected here, but a literal string"},
		{"X = '\\x41'\n", "1:5: a string that is computed is not expected here, but a literal is: a string, list or dictionary"},
		{"X = [1, 2\n", `1:5: the bracket "[" is never closed`}, {"X = 1]\n", `1:6: the bracket "]" was never opened`},
		{"X = (1]\n", `1:7: the bracket "]" does not close the "(" of line:1:5`},
		{"X = 'a\n", "1:5: the string is not closed on its line"}, {"X = '''a\n", "1:5: the string is never closed"},
		{"X += [1]\n", `1:1: X is not assigned here, but "+" follows`}, {"X =\n", "1:4: the end of the line is not expected here"},
		{"X = **a\n", `1:5: "*" is not expected here`}, {"a \\ b\n", `1:3: a "\" that does not end its line`},
		{"X = " + strings.Repeat("[", 100), `1:69: brackets are nested deeper than 64`},
		{"X = [" + strings.Repeat("1,", 20000) + "]", `the literal has more than 10000 items`},
		{"X = '\x00'", "1:6: there is a NUL byte"},
	} {
		s, err := readScript("f.py", []byte(c.src))
		got := "none"
		if err == nil {
			var v *literal
			if v, err = s.global("X"); v != nil {
				got = show(v)
			}
		}
		if err != nil {
			got = err.Error()
			if !strings.Contains(got, c.want) {
				t.Errorf("%.60q:\n got %s\nwant %s", c.src, got, c.want)
			}
		} else if got != c.want {
			t.Errorf("%.60q:\n got %s\nwant %s", c.src, got, c.want)
		}
	}
}

const smallGenerator = `PACKAGE_TO_FILES = {
    # a comment
    'expat': PackageFiles(["Modules/expat/**"], exclude=["Modules/expat/a" ".h"]),
    "pip": PackageFiles(include=None),
}
ALLOWED_LICENSE_EXPRESSIONS = frozenset(["MIT"])
`

func TestReadGenerator(t *testing.T) {
	g, err := readGenerator([]byte(smallGenerator))
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(g.packages); got != "[{{expat {Tools/build/generate_sbom.py 3 5}} [{Modules/expat/** {Tools/build/generate_sbom.py 3 28}}] [{Modules/expat/a.h {Tools/build/generate_sbom.py 3 58}}]} {{pip {Tools/build/generate_sbom.py 4 5}} [] []}]" {
		t.Error(got)
	}
	if fmt.Sprint(g.licenses) != "[{MIT {Tools/build/generate_sbom.py 6 42}}]" {
		t.Error(g.licenses)
	}
	for _, c := range []struct{ src, want string }{
		{"x = 1\n", "generate_sbom.py: the script assigns no PACKAGE_TO_FILES"},
		{"PACKAGE_TO_FILES = load()\n", "1:20: PACKAGE_TO_FILES is a call of load, expected a dictionary from package to files"},
		{"PACKAGE_TO_FILES = {1: 2}\n", `1:21: PACKAGE_TO_FILES has 1 for a key, expected the name of a package`},
		{"PACKAGE_TO_FILES = {'a': ['x']}\n", `1:26: the files of "a" are a list, expected PackageFiles(...)`},
		{"PACKAGE_TO_FILES = {'a': PackageFiles(patterns=[])}\n", `1:39: PackageFiles has the argument "patterns", expected include and exclude`},
		{"PACKAGE_TO_FILES = {'a': PackageFiles(include='x')}\n", `1:47: include of a is a string, expected a list of strings`},
		{"PACKAGE_TO_FILES = {'a': PackageFiles(['x', 1])}\n", `1:45: include of a has 1 in it, expected a string of one line`},
		{"PACKAGE_TO_FILES = {'a': PackageFiles([]), 'a': PackageFiles([])}\n", `1:44: package "a" is in PACKAGE_TO_FILES a second time; the first is at Tools/build/generate_sbom.py:1:21`},
		{"PACKAGE_TO_FILES = {'a': PackageFiles([x])}\n", "hint: import reads the script as text and never runs it, so what it looks for must be literals\n  hint: expected PACKAGE_TO_FILES = {"},
	} {
		if _, err := readGenerator([]byte(c.src)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s got %v\nwant %s", c.src, err, c.want)
		}
	}
}

// FuzzGenerator: any bytes are read in bounded time, without a crash, and what is read is text of one line.
func FuzzGenerator(f *testing.F) {
	f.Add([]byte(smallGenerator))
	f.Add([]byte("X = f\"{a['b']!r:{c}}\" '''x''' r'\\' # y\n"))
	f.Add([]byte("PACKAGE_TO_FILES: dict = {'a': PackageFiles(include=['x'\n 'y',], exclude=()),}\\\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		g, err := readGenerator(src)
		if err != nil {
			return
		}
		for _, p := range g.packages {
			for _, s := range append(p.include, p.exclude...) {
				if s.text == "" || strings.Contains(s.text, "\n") || s.pos.Line < 1 {
					t.Errorf("%+v", s)
				}
			}
		}
	})
}

func FuzzInstaller(f *testing.F) {
	f.Add([]byte(smallInstaller))
	f.Fuzz(func(t *testing.T, src []byte) {
		recipes, _, err := readInstaller(src)
		if err != nil {
			return
		}
		for _, r := range recipes {
			if r.name == "" || r.version == "" || r.url == "" || (r.sha256 == "") == (r.md5 == "") {
				t.Errorf("%+v", r)
			}
		}
	})
}

func FuzzExternals(f *testing.F) {
	f.Add([]byte("set libraries=%libraries%   bzip2-1.0.8\r\nif x set libraries=%libraries% tcl-core-8.6.15.0\r\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		libs, _ := readExternals(src)
		for _, l := range libs {
			if l.name == "" || l.version == "" || strings.Contains(l.version, "-") || l.pos.Col < 1 {
				t.Errorf("%+v", l)
			}
		}
	})
}

const smallInstaller = `def library_recipes():
    if True:
        if useOldTk():
            ver='8.6.8'
            sum='81656d3367af032e0ae6157eff134f89'
        else:
            ver='8.6.16'
            sum='91cb8fa61771c63c262efb553059b7c7ad6757afa5857af6265e4b0bdc2a14a5'
        base = "https://example.org/{what}{version}-src.tar.gz"
        result.extend([
          dict(name="Tcl %s"%(ver,), url=base.format(what="tcl", version=ver), checksum=sum),
          dict(
              name="OpenSSL 3.0.16",
              url="https://example.org/openssl-3.0.16.tar.gz",
              checksum='57e03c50feab5d31b152af2b764f10379aecd8ee92f16c985983ce4a99f7ef86',
              install=lambda: f"x{y('(')}",
          ),
          dict(name=compute(), url="https://example.org/x", checksum=sum),
        ])
    if not PYTHON_3:
        result.extend([
          dict(name="Sleepycat DB 4.7.25", url="http://example.org/db-4.7.25.tar.gz", checksum='ec2b87e833779681a0c3a814aa71359e'),
        ])
    return dict(name="PythonFramework", long_name="x")
`

func TestReadInstaller(t *testing.T) {
	recipes, odd, err := readInstaller([]byte(smallInstaller))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range recipes {
		got = append(got, fmt.Sprintf("%s %s %s %s %.4s %s", r.pos, r.name, r.version, r.url, r.sha256, r.evidence[0]))
	}
	want := "Mac/BuildScript/build-installer.py:11:21 tcl 8.6.16 https://example.org/tcl8.6.16-src.tar.gz 91cb ver='(?P<version>[^']+)'\\s+sum='(?P<sha256>[0-9a-f]{64})'\n" +
		"Mac/BuildScript/build-installer.py:13:20 openssl 3.0.16 https://example.org/openssl-3.0.16.tar.gz 57e0 " + recipePattern("OpenSSL")
	if text := strings.Join(got, "\n"); text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
	if len(odd) != 1 || odd[0].Pos.String() != "Mac/BuildScript/build-installer.py:18:21" {
		t.Errorf("%v", odd)
	}
}

func TestReadExternals(t *testing.T) {
	got, err := readExternals([]byte("set libraries=\r\nset libraries=%libraries%    bzip2-1.0.8\r\nif NOT \"%X%\"==\"false\" set libraries=%libraries% tcl-core-8.6.15.0\r\n"))
	if want := "[{bzip2 1.0.8 {PCbuild/get_externals.bat 2 30}} {tcl-core 8.6.15.0 {PCbuild/get_externals.bat 3 49}}]"; err != nil || fmt.Sprint(got) != want {
		t.Errorf("%s, %v", fmt.Sprint(got), err)
	}
	for src, want := range map[string]string{
		"echo\n":                               "PCbuild/get_externals.bat: no line of the script extends %libraries%",
		"set libraries=%libraries% bzip2\n":    `1:27: "bzip2" is not of the form NAME-VERSION`,
		"set libraries=%libraries% bzip2-\xff": "is not UTF-8",
	} {
		if _, err := readExternals([]byte(src)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", src, err)
		}
	}
}

func TestTemplated(t *testing.T) {
	for _, c := range []struct{ text, version, want string }{
		{"https://x/v0.98.1/libb2-0.98.1.tar.gz", "0.98.1", "https://x/v{version}/libb2-{version}.tar.gz"},
		{"https://x/21.0.5/a-1.0.tgz", "1.0", "https://x/21.0.5/a-{version}.tgz"},
		{"https://x/R_2_7_1/expat-2.7.1.tar.gz", "2.7.1", "https://x/R_{version:_}/expat-{version}.tar.gz"},
		{"https://x/1.0.1/1.01/v1.0", "1.0", "https://x/1.0.1/1.01/v{version}"},
		{"https://x/abc/", "abc", "https://x/{version}/"}, {"x", "", "x"}, {"1", "1", "{version}"},
	} {
		if got := templated(c.text, c.version); got != c.want {
			t.Errorf("%q of %q is %q, want %q", c.text, c.version, got, c.want)
		}
		if back, err := version.Fill(templated(c.text, c.version), map[string]string{"version": c.version}, nil); err != nil || back != c.text {
			t.Errorf("%q comes back as %q", c.text, back)
		}
	}
}
