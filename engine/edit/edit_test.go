package edit

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.starlark.net/syntax"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/star"
)

func parse(t *testing.T, content string) *File {
	t.Helper()
	f, err := Parse("BUILD.star", []byte(content))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// firstCall is the first call of the file that is a statement.
func firstCall(t *testing.T, f *File) *Call {
	t.Helper()
	for _, stmt := range f.tree.Stmts {
		if x, ok := stmt.(*syntax.ExprStmt); ok {
			if call, ok := x.X.(*syntax.CallExpr); ok {
				return f.hold(call)
			}
		}
	}
	t.Fatal("no call")
	return nil
}

// TestCall: each edit of a call, in every layout. Nothing but the wanted bytes changes.
func TestCall(t *testing.T) {
	set := func(place, value string) func(*Call) error {
		return func(c *Call) error { return c.Set(place, value) }
	}
	add := func(attr, value string) func(*Call) error {
		return func(c *Call) error { return c.Append(attr, Quote(value)) }
	}
	remove := func(place string) func(*Call) error {
		return func(c *Call) error { return c.Remove(place) }
	}
	for _, c := range []struct {
		name         string
		edit         func(*Call) error
		before, want string
	}{
		{"double quotes", set("v", "2"), `r( v  =  "1" ,x=1) # c`, `r( v  =  "2" ,x=1) # c`},
		{"single quotes", set("v", `it's "2"`), `r(v = '1')`, `r(v = 'it\'s "2"')`},
		{"triple quotes", set("v", "2\n3\"x"), "r(v = \"\"\"1\n\"\"\")", "r(v = \"\"\"2\n3\\\"x\"\"\")"},
		{"triple single quotes", set("v", "2"), "r(v = '''1''')", "r(v = '''2''')"},
		{"empty string is not triple", set("v", "2"), `r(v = "")`, `r(v = "2")`},
		{"raw", set("v", `\d+"`), `r(v = r'\w')`, `r(v = r'\d+"')`},
		{"raw that cannot be", set("v", `a\`), `r(v = r"\w")`, `r(v = "a\\")`},
		{"raw with its quote", set("v", `a"`), `r(v = r"\w")`, `r(v = "a\"")`},
		{"raw over lines", set("v", "a\nb"), `r(v = r"x")`, `r(v = "a\nb")`},
		{"control characters", set("v", "\x01\t\r"), `r(v = "x")`, `r(v = "\x01\t\r")`},
		{"beyond ASCII before", set("v", "ü2"), `r(n = "日本", v = "é") # ü`, `r(n = "日本", v = "ü2") # ü`},
		{"tabs", set("v", "2"), "r(\n\tn = \"x\",\t\tv = \"1\",\n)", "r(\n\tn = \"x\",\t\tv = \"2\",\n)"},
		{"CRLF", set("v", "2"), "#c\r\nr(\r\n  s = '''a\r\nb''',\r\n  v = \"1\",\r\n)\r\n", "#c\r\nr(\r\n  s = '''a\r\nb''',\r\n  v = \"2\",\r\n)\r\n"},
		{"CRLF in a string", set("v", "2\n3"), "r(v = '''1\r\n''')\r\n", "r(v = '''2\r\n3''')\r\n"},
		{"CR", set("v", "2"), "#c\r\rr(\r v = '1')\r", "#c\r\rr(\r v = '2')\r"},
		{"parentheses", set("v", "2"), `r(v = (("1")))`, `r(v = (("2")))`},
		{"sum, first piece", set("v", "xbc"), `r(v = "a" + "b" + "c")`, `r(v = "x" + "b" + "c")`},
		{"sum, last piece", set("v", "abx"), "r(v = (\"a\" + # why\n\t'b' + \"c\"))", "r(v = (\"a\" + # why\n\t'b' + \"x\"))"},
		{"continued line", set("v", "2"), "r(v = \\\n  \"1\")", "r(v = \\\n  \"2\")"},
		{"a hash in a string", set("v", "#2"), `r(w = "#", v = "#1") # "`, `r(w = "#", v = "#2") # "`},
		{"same value", set("v", "1"), `r(v = '\x31')`, `r(v = '\x31')`},

		{"add to one line", set("v", "1"), `r(n = "x")`, `r(n = "x", v = "1")`},
		{"add after a trailing comma", set("v", "1"), `r(n = "x", )`, `r(n = "x", v = "1", )`},
		{"add to none", set("v", "1"), `r()`, `r(v = "1")`},
		{"add to lines", set("v", "1"), "r(\n    n = \"x\",  # n\n    # end\n)", "r(\n    n = \"x\",  # n\n    v = \"1\",\n    # end\n)"},
		{"add without a trailing comma", set("v", "1"), "r(\n  n = \"x\" # n\n)", "r(\n  n = \"x\", # n\n  v = \"1\"\n)"},
		{"add before the bracket", set("v", "1"), "r(n = \"x\",\n  m = 1)", "r(n = \"x\",\n  m = 1,\n  v = \"1\")"},
		{"add before **", set("v", "1"), "r(\n  n = \"x\",\n  **kw\n)", "r(\n  n = \"x\",\n  v = \"1\",\n  **kw\n)"},
		{"add before ** alone", set("v", "1"), "r(**kw)", "r(v = \"1\", **kw)"},
		{"add with CRLF", set("v", "1"), "r(\r\n\tn = 1,\r\n)\r\n", "r(\r\n\tn = 1,\r\n\tv = \"1\",\r\n)\r\n"},
		{"add among comments", set("v", "1"), "r(\n    # none\n)", "r(\n    # none\n    v = \"1\",\n)"},
		{"add after a long value", set("v", "1"), "r(\n    n = [\n        1, # one\n    ],\n)", "r(\n    n = [\n        1, # one\n    ],\n    v = \"1\",\n)"},
		{"remove attribute", remove("v"), "r(\n    n = 1,\n    v = \"1\",\n)", "r(\n    n = 1,\n)"},
		{"remove first attribute", remove("v"), "r(v = 1, n = 1)", "r(n = 1)"},
		{"remove last attribute", remove("v"), "r(n = 1, v = 1)", "r(n = 1)"},
		{"remove only attribute", remove("v"), "r(v = 1)", "r()"},

		{"argument without a name", set("1", "2"), `r("n", "1", v = "x", *a)`, `r("n", "2", v = "x", *a)`},
		{"element of one", set("0[1]", "2"), `r(["n", "1"])`, `r(["n", "2"])`},

		{"element", set("l[1]", "B"), `r(l = ["a", 'b', "c"])`, `r(l = ["a", 'B', "c"])`},
		{"append", add("l", "c"), `r(l = ["a", "b"])`, `r(l = ["a", "b", "c"])`},
		{"append to none", add("l", "c"), `r(l = [])`, `r(l = ["c"])`},
		{"append to a new list", add("l", "c"), `r(n = 1)`, `r(n = 1, l = ["c"])`},
		{"append to lines", add("l", "c"), "r(l = [\n  \"a\", # a\n  # last\n])", "r(l = [\n  \"a\", # a\n  \"c\",\n  # last\n])"},
		{"append to several on a line", add("l", "c"), "r(l = [\n  \"a\", \"b\",\n])", "r(l = [\n  \"a\", \"b\", \"c\",\n])"},
		{"remove element", remove("l[1]"), `r(l = ["a", "b", "c"])`, `r(l = ["a", "c"])`},
		{"remove first element", remove("l[0]"), `r(l = ["a", "b", "c"])`, `r(l = ["b", "c"])`},
		{"remove last element", remove("l[2]"), `r(l = ["a", "b", "c"])`, `r(l = ["a", "b"])`},
		{"remove last before a comma", remove("l[1]"), `r(l = ["a", "b",])`, `r(l = ["a", ])`},
		{"remove a line", remove("l[0]"), "r(l = [\n  # first\n  \"a\",\n  \"b\",  # b\n])", "r(l = [\n  # first\n  \"b\",  # b\n])"},
		{"remove a line with a comment", remove("l[0]"), "r(l = [\n  \"a\",  # why\n  \"b\",\n])", "r(l = [\n  # why\n  \"b\",\n])"},
		{"remove the last line", remove("l[1]"), "r(l = [\n  \"a\",\n  \"b\"\n])", "r(l = [\n  \"a\",\n])"},
		{"remove with CRLF", remove("l[0]"), "r(l = [\r\n  \"a\",\r\n  \"b\",\r\n])", "r(l = [\r\n  \"b\",\r\n])"},
		{"remove before the bracket", remove("l[1]"), "r(l = [\"a\",\n  \"b\"])", "r(l = [\"a\"\n  ])"},
		{"remove where a comma leads a line", remove("l[0]"), "r(l = [\"a\" # a\n  , \"b\"])", "r(l = [# a\n   \"b\"])"},
		{"remove a call", remove("l[0]"), "r(l = [\n  f(\n    1,\n  ),\n  g(),\n])", "r(l = [\n  g(),\n])"},
	} {
		f := parse(t, c.before)
		if err := c.edit(firstCall(t, f)); err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else if got := string(f.Bytes()); got != c.want {
			t.Errorf("%s: got\n%q\nwant\n%q", c.name, got, c.want)
		}
	}
}

// TestRefused: what cannot be edited says what it is and where, and nothing changes.
func TestRefused(t *testing.T) {
	const content = `V = "1"
r(
    v = V,
    f = f("x"),
    m = "{}".format(1),
    p = "%s" % V,
    s = "a" + V,
    l = [x for x in "a".elems()],
    n = 1,
    two = "a" + "b",
    k = [V, "b", g(
        1,  # one
    )],
    c = "a" if V else "b",
    d = {"k": "v"},
    t = True,
)
`
	for _, c := range []struct {
		want string
		err  func(*Call) error
	}{
		{"BUILD.star:3:9: v is the variable V, expected a string as a literal: only what is written out can be edited\n  hint: V is set at BUILD.star:1:1",
			func(c *Call) error { return c.Set("v", "2") }},
		{"BUILD.star:4:9: f is a call of f, expected a string as a literal: only what is written out can be edited", func(c *Call) error { return c.Set("f", "2") }},
		{"BUILD.star:5:9: m is a call of .format, expected a string as a literal: only what is written out can be edited", func(c *Call) error { return c.Set("m", "2") }},
		{"BUILD.star:6:9: p is computed with %, expected a string as a literal: only what is written out can be edited", func(c *Call) error { return c.Set("p", "2") }},
		{"BUILD.star:7:9: s is computed with +, expected a string as a literal: only what is written out can be edited", func(c *Call) error { return c.Set("s", "2") }},
		{"BUILD.star:8:9: l is a comprehension, expected a list as a literal: only what is written out can be edited", func(c *Call) error { return c.Append("l", `"x"`) }},
		{"BUILD.star:9:9: n is a literal of another type, expected a string as a literal: only what is written out can be edited", func(c *Call) error { return c.Set("n", "2") }},
		{"BUILD.star:10:11: two is written in 2 pieces, of which more than one would change\n  hint: write it in one piece, or edit it by hand", func(c *Call) error { return c.Set("two", "xy") }},
		{"BUILD.star:11:10: k[0] is the variable V, expected a string as a literal: only what is written out can be edited\n  hint: V is set at BUILD.star:1:1", func(c *Call) error { return c.Set("k[0]", "2") }},
		{"BUILD.star:11:9: there is no k[3]: the list has 3 elements", func(c *Call) error { return c.Set("k[3]", "2") }},
		{"BUILD.star:12:13: what is to be removed has a comment within; remove it by hand", func(c *Call) error { return c.Remove("k[2]") }},
		{"BUILD.star:14:9: c is computed with if, expected a string as a literal: only what is written out can be edited", func(c *Call) error { return c.Set("c", "2") }},
		{"BUILD.star:15:9: d is a dict, expected a list as a literal: only what is written out can be edited", func(c *Call) error { return c.Set("d[0]", "2") }},
		{"BUILD.star:16:9: t is True, expected a string as a literal: only what is written out can be edited", func(c *Call) error { return c.Set("t", "2") }},
		{"BUILD.star:2:1: the call does not give x", func(c *Call) error { return c.Remove("x") }},
		{"BUILD.star:2:1: the call does not give x", func(c *Call) error { return c.Set("x[0]", "1") }},
		{"BUILD.star:2:1: \"1, 2)\" cannot be added to the call", func(c *Call) error { return c.Append("k", "1, 2)") }},
		{"BUILD.star:3:9: v cannot become \"\\xff\", which is no text", func(c *Call) error { return c.Set("v", "\xff") }},
	} {
		f := parse(t, content)
		err := c.err(firstCall(t, f))
		if err == nil || err.Error() != c.want {
			t.Errorf("got\n%v\nwant\n%s", err, c.want)
		}
		if got := string(f.Bytes()); got != content {
			t.Errorf("%s: the file changed:\n%s", c.want, got)
		}
	}
	if _, err := Parse("a/BUILD.star", []byte("r(\n  v = = 1)")); err == nil || err.Error() != "a/BUILD.star:2:7: syntax error: got '=', want primary expression" {
		t.Errorf("got %v", err)
	}
	f := parse(t, content)
	if err := firstCall(t, f).Set("v", "2"); !errors.Is(err, ErrNotLiteral) {
		t.Errorf("%v is not ErrNotLiteral", err)
	}
}

// TestFind: calls are found where the engine says that a target is declared, by its name, and from an attribute of theirs; they
// stay the same calls when others are edited.
func TestFind(t *testing.T) {
	f := parse(t, `"doc"
r(name = "ä", v = "1"); r(
    name = "b", l = ["x"])
[m(name = n, v = "c") for n in ["c"]]
m(f(1), v = "d")
`)
	at := func(line, col int) *Call {
		c, err := f.CallAt(diag.Pos{File: "BUILD.star", Line: line, Col: col})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	a, b, c, d := at(2, 1), at(2, 25), at(4, 2), at(5, 9)
	if _, err := f.CallAt(diag.Pos{File: "BUILD.star", Line: 1, Col: 1}); err == nil || err.Error() != "BUILD.star:1:1: no call begins here" {
		t.Errorf("got %v", err)
	}
	for i, err := range []error{a.Set("v", "long value"), a.Set("w", "x"), b.Set("l[0]", "y"), b.Append("l", `"z"`), c.Set("v", "C"), d.Set("v", "D"), b.Remove("l[0]"), b.Set("v", "B")} {
		if err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
	want := `"doc"
r(name = "ä", v = "long value", w = "x"); r(
    name = "b", l = ["z"], v = "B")
[m(name = n, v = "C") for n in ["c"]]
m(f(1), v = "D")
`
	if got := string(f.Bytes()); got != want {
		t.Errorf("got\n%s", got)
	}
	if v, ok, err := a.String("v"); v != "long value" || !ok || err != nil {
		t.Errorf("got %q, %v, %v", v, ok, err)
	}
	if v, ok, err := a.String("none"); v != "" || ok || err != nil {
		t.Errorf("got %q, %v, %v", v, ok, err)
	}
	if got := strings.Join(firstCall(t, parse(t, `r("x", n = [1, 2], *a, **k)`)).Args(), " "); got != "0 n" {
		t.Errorf("arguments %s", got)
	}
	if got := strings.Join(b.Places("l"), " ") + " " + strings.Join(b.Places("v"), " "); got != "l[0] v" {
		t.Errorf("places %s", got)
	}
	if got := b.At("l[0]").String() + " " + b.Pos().String() + " " + b.Function(); got != "BUILD.star:3:22 BUILD.star:2:43 r" {
		t.Errorf("got %s", got)
	}
}

func TestAppend(t *testing.T) {
	for _, c := range []struct{ before, want string }{
		{"", "r(name = \"x\")\n"},
		{"\n", "\nr(name = \"x\")\n"},
		{"a = 1", "a = 1\n\nr(name = \"x\")\n"},
		{"a = 1\n", "a = 1\n\nr(name = \"x\")\n"},
		{"a = 1\n\n", "a = 1\n\nr(name = \"x\")\n"},
		{"a = 1\n# end", "a = 1\n# end\n\nr(name = \"x\")\n"},
		{"a = 1\r\n", "a = 1\r\n\r\nr(name = \"x\")\r\n"},
		{"# only", "# only\n\nr(name = \"x\")\n"},
	} {
		f := parse(t, c.before)
		if err := f.Append("r(name = \"x\")"); err != nil {
			t.Error(err)
		} else if got := string(f.Bytes()); got != c.want {
			t.Errorf("%q: got %q, want %q", c.before, got, c.want)
		}
	}
	f := parse(t, "def f():\n    pass\n")
	if err := f.Append("r("); err == nil || string(f.Bytes()) != "def f():\n    pass\n" {
		t.Errorf("got %v", err)
	}
}

func TestLoad(t *testing.T) {
	for _, c := range []struct{ before, want string }{
		{"", "load(\"//:m.star\", \"b\", \"c\")\n"},
		{"# licence\nr()\n", "load(\"//:m.star\", \"b\", \"c\")\n\n# licence\nr()\n"},
		{"\"\"\"doc\nof it\"\"\"  # c\nr()\n", "\"\"\"doc\nof it\"\"\"  # c\n\nload(\"//:m.star\", \"b\", \"c\")\nr()\n"},
		{"load(\"x.star\", \"y\") # y\nr()\n", "load(\"x.star\", \"y\") # y\nload(\"//:m.star\", \"b\", \"c\")\nr()\n"},
		{"load('//:m.star', 'a', 'd')\n", "load('//:m.star', 'a', \"b\", \"c\", 'd')\n"},
		{"load(\"//:m.star\", \"z\", \"a\")\n", "load(\"//:m.star\", \"z\", \"a\", \"b\", \"c\")\n"},
		{"load(\n    \"//:m.star\",\n    \"a\",  # a\n    \"b\",\n)\n", "load(\n    \"//:m.star\",\n    \"a\",  # a\n    \"b\",\n    \"c\",\n)\n"},
		{"load(\"//:m.star\", \"c\")\nload(\"//:m.star\", \"b\")\n", "load(\"//:m.star\", \"c\")\nload(\"//:m.star\", \"b\")\n"},
		{"load(\"//:m.star\", \"b\", d = \"c\")\n", "load(\"//:m.star\", \"b\", \"c\", d = \"c\")\n"},
	} {
		f := parse(t, c.before)
		if err := f.Load("//:m.star", "c", "b", "c"); err != nil {
			t.Error(err)
		} else if got := string(f.Bytes()); got != c.want {
			t.Errorf("%q: got\n%q, want\n%q", c.before, got, c.want)
		}
	}
}

func TestQuote(t *testing.T) {
	for _, v := range []string{"", "a", `"`, `'`, `\`, "\n\t\r\x01\x7f", "日本 é", `\d"'`} {
		if got := valueOf(Quote(v)); got != v {
			t.Errorf("%q is written %s", v, Quote(v))
		}
	}
}

// repositoryFiles are the Starlark files of this repository.
func repositoryFiles(t testing.TB) []string {
	var out []string
	for _, pattern := range []string{"*.star", "*/*.star", "*/*/*.star", "*/*/*/*.star"} {
		names, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(pattern)))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, names...)
	}
	if len(out) < 10 {
		t.Fatalf("%d files", len(out))
	}
	return out
}

// FuzzEdit: whatever the file and the edit, the result parses, all comments are there, and an edit of a value
// changes no byte outside it.
func FuzzEdit(f *testing.F) {
	for _, name := range repositoryFiles(f) {
		content, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(content), 0, "name", "x")
		f.Add(string(content), 3, "exclude[1]", `a"'\`)
	}
	f.Add("f(a = [1, # c\r\n 'x', r\"\\d\"\r\n], **k)\r\n[g(x = 'é' + '''\r\n''') for x in y]", 1, "a[1]", "\n\t")
	f.Add("f(lambda a, b: a, v = '1')", 0, "v", "x")
	f.Fuzz(func(t *testing.T, content string, n int, place, value string) {
		file, err := Parse("f.star", []byte(content))
		if err != nil {
			return
		}
		syntax.Walk(file.tree, func(n syntax.Node) bool { // every node that an edit begins at is a token
			switch n := n.(type) {
			case *syntax.CallExpr:
				file.token(n.Lparen)
				file.token(syntax.Start(n.Fn))
			case *syntax.ListExpr:
				file.token(n.Lbrack)
			case *syntax.Literal:
				if tok := file.tokens[file.token(n.TokenPos)]; n.Token == syntax.STRING && valueOf(content[tok.start:tok.end]) != n.Value {
					t.Errorf("%q is no literal of %q", content[tok.start:tok.end], n.Value)
				}
			}
			return true
		})
		var calls []*syntax.CallExpr
		syntax.Walk(file.tree, func(n syntax.Node) bool {
			if c, ok := n.(*syntax.CallExpr); ok {
				calls = append(calls, c)
			}
			return true
		})
		edits := []func(*Call) error{
			func(c *Call) error { return c.Set(place, value) },
			func(c *Call) error { return c.Append(place, Quote(value)) },
			func(c *Call) error { return c.Remove(place) },
			func(*Call) error { return file.Load(value, "a", "b") },
			func(*Call) error { return file.Append("f(" + Quote(value) + ")") },
		}
		comments := file.comments()
		for i, edit := range edits {
			file, _ = Parse("f.star", []byte(content))
			calls = calls[:0]
			syntax.Walk(file.tree, func(n syntax.Node) bool {
				if c, ok := n.(*syntax.CallExpr); ok {
					calls = append(calls, c)
				}
				return true
			})
			var c *Call
			if len(calls) > 0 {
				c = file.hold(calls[uint(n)%uint(len(calls))])
			} else if i < 3 {
				continue
			}
			err := edit(c)
			got := string(file.Bytes())
			if err != nil && got != content && i != 3 { // a load of several names may stop in the middle
				t.Errorf("edit %d failed with %v, and changed the file", i, err)
			}
			if errors.Is(err, errUnsound) && i == 0 && !strings.Contains(content, "lambda") {
				t.Errorf("edit %d of %q is unsound: %v", i, content, err)
			}
			if _, err := star.Parse("f.star", []byte(got)); err != nil {
				t.Errorf("edit %d: %v", i, err)
			}
			if !within(comments, file.comments()) {
				t.Errorf("edit %d lost a comment:\n%s", i, got)
			}
			if err == nil && i == 0 {
				if v, ok, err := c.String(place); v != value || !ok || err != nil {
					t.Errorf("%s is %q, %v, %v after it was set to %q", place, v, ok, err, value)
				}
				if strings.Count(got, "\n")-strings.Count(content, "\n") > 1+strings.Count(value, "\n") {
					t.Errorf("more lines:\n%s", got)
				}
			}
		}
	})
}
