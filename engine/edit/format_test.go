package edit

import (
	"os"
	"strings"
	"testing"
)

// TestRepositoryFormatted: this repository's own files are as fmt leaves them.
func TestRepositoryFormatted(t *testing.T) {
	for _, name := range repositoryFiles(t) {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Format(name, content)
		if err != nil {
			t.Error(err)
		} else if string(got) != string(content) {
			t.Errorf("%s is not formatted: sbomctl fmt", name)
		}
	}
}

func TestFormat(t *testing.T) {
	for _, c := range []struct{ before, want string }{
		{"", ""},
		{"# only", "# only\n"},
		{"x  = 'a'", "x = \"a\"\n"},
		{"x = [1,2]\n", "x = [1, 2]\n"},
		{"x = [2,\n1]\n", "x = [\n    2,\n    1,\n]\n"},
		{"f(b=1, a = 2)\n", "f(b = 1, a = 2)\n"},
		{"f(\n  b=1) # c\n", "f(\n    b = 1,\n)  # c\n"},
		{"load('b', 'z', 'a')\nload('a', 'x')\n", "load(\"b\", \"z\", \"a\")\nload(\"a\", \"x\")\n"},
		{"x = 1\r\ny = '''a\r\nb'''\r\n", "x = 1\r\ny = \"\"\"a\r\nb\"\"\"\r\n"},
		{"x=1\ry=2\r", "x = 1\ny = 2\n"},
		{"x=1\ny=2\r\n", "x = 1\ny = 2\n"},
		{"x = r'\\d'\n", "x = r\"\\d\"\n"},
		{"x = '\\x41\"'\n", "x = '\\x41\"'\n"},
	} {
		got, err := Format("f.star", []byte(c.before))
		if err != nil || string(got) != c.want {
			t.Errorf("%q: got %q, %v; want %q", c.before, got, err, c.want)
			continue
		}
		if again, err := Format("f.star", got); err != nil || string(again) != c.want {
			t.Errorf("%q formatted again is %q, %v", c.want, again, err)
		}
	}
	for before, want := range map[string]string{
		"x = (\n":          "f.star:2:1: syntax error: ",
		"x = b\"\\xff\"\n": "f.star:1:12: the formatter cannot read this, though it loads: syntax error near ",
	} {
		if got, err := Format("f.star", []byte(before)); err == nil || got != nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: got %q, %v", before, got, err)
		}
	}
}

// FuzzFormat: a formatted file means the same (which Format itself checks), keeps its comments, and is formatted.
func FuzzFormat(f *testing.F) {
	for _, name := range repositoryFiles(f) {
		content, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(content))
	}
	f.Add("f(a = [1, # c\r\n 'x', r\"\\d\"\r\n], **k)\r\n[g(x = 'é' + '''\r\n''') for x in y]")
	f.Add("def f(a, *, b = 1, **k):\n  # c\n  return a if b else lambda: -a\n#e\n")
	f.Fuzz(func(t *testing.T, content string) {
		file, err := Parse("f.star", []byte(content))
		if err != nil {
			return
		}
		out, err := Format("f.star", []byte(content))
		if err != nil {
			return
		}
		after, err := Parse("f.star", out)
		if err != nil || dump(after.tree.Stmts...) != dump(file.tree.Stmts...) || len(after.comments()) != len(file.comments()) {
			t.Errorf("%q became %q (%v)", content, out, err)
		}
		if again, err := Format("f.star", out); err != nil || string(again) != string(out) {
			t.Errorf("%q formatted is %q, and again %q (%v)", content, out, again, err)
		}
	})
}
