package cpython

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.starlark.net/syntax"
)

// TestComment: no name of a tree ends its comment, and begins a statement.
func TestComment(t *testing.T) {
	text := comment([]string{"Perhaps a\nevil() is meant", "b\r\nevil()", "a\x00b", ""})
	if want := `# "Perhaps a\nevil() is meant"` + "\n" + `# "b\r\nevil()"` + "\n" + `# "a\x00b"` + "\n#\n"; text != want {
		t.Errorf("%q, want %q", text, want)
	}
}

// TestDeclarationHostile: whatever a document has for a value, the text is one call, with that value.
func TestDeclarationHostile(t *testing.T) {
	for _, value := range []string{"\"", "\"\"\"", `\`, "a\nb", "a\x00b", "{version}", "'\"\\", "\u2028\U0001F40D", "r\"", "]), evil("} {
		d := declaration{rule: "source_dep", name: value, comment: []string{value}}
		d.set("originator", value)
		d.setList("evidence", []string{quotePattern(value)})
		f, err := (&syntax.FileOptions{}).Parse("BUILD.star", d.text(), 0)
		if err != nil {
			t.Errorf("%q: %v\n%s", value, err, d.text())
			continue
		}
		if len(f.Stmts) != 1 {
			t.Errorf("%q: %d statements", value, len(f.Stmts))
			continue
		}
		args := f.Stmts[0].(*syntax.ExprStmt).X.(*syntax.CallExpr).Args
		for _, arg := range args {
			v := arg.(*syntax.BinaryExpr).Y
			if l, ok := v.(*syntax.ListExpr); ok {
				v = l.List[0]
			}
			if got := v.(*syntax.Literal).Value; got != value {
				t.Errorf("%q became %q in\n%s", value, got, d.text())
			}
		}
	}
}

// TestLocateLineBreak: an rc file cannot have a path with a line break in it, and a workspace must not be written that no
// command can open.
func TestLocateLineBreak(t *testing.T) {
	tree, dir := filepath.Join(t.TempDir(), "a\nb"), t.TempDir()
	if err := os.Mkdir(tree, 0o777); err != nil {
		t.Skip(err) // a system without such names
	}
	if _, err := locate(Options{Tree: tree, Dir: dir}); err == nil || !strings.Contains(err.Error(), "line break") {
		t.Error(err)
	}
	if p, err := locate(Options{Tree: tree, Dir: tree}); err != nil || p.path != "." {
		t.Error(p, err)
	}
}

func TestOfDocument(t *testing.T) {
	for msg, want := range map[string]string{
		`attribute "download_url": URL "x" is not an http or https URL`: `URL "x" is not an http or https URL`,
		`attribute "version": is empty`:                                 "its version is empty",
		`attribute "package_name": is not one line`:                     "its package name is not one line",
		"something else": "something else",
	} {
		if got := ofDocument(msg); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
