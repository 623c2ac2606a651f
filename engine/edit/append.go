package edit

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"go.starlark.net/syntax"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/star"
)

// Append adds statements at the end of the file, after an empty line.
func (f *File) Append(text string) error {
	more, err := star.Parse(f.path, []byte(text))
	if err != nil {
		return &diag.Error{Pos: diag.File(f.path), Msg: fmt.Sprintf("%q cannot be added to the file", text), Err: err}
	}
	nl := f.newline()
	text = strings.TrimRight(strings.ReplaceAll(text, "\r\n", "\n"), "\n") + "\n"
	text = strings.ReplaceAll(text, "\n", nl)
	end := len(f.content)
	switch last := bytes.TrimRight(f.content, " \t"); {
	case len(bytes.TrimSpace(last)) == 0: // an empty file
	case !bytes.HasSuffix(last, []byte("\n")) && !bytes.HasSuffix(last, []byte("\r")):
		text = nl + nl + text
	case !bytes.HasSuffix(last, []byte(nl+nl)):
		text = nl + text
	}
	return f.apply([]splice{{end, end, text}}, func() { f.tree.Stmts = append(f.tree.Stmts, more.Stmts...) })
}

// Load makes the file load names from a module: those that it does not are added to its load statement, or to a new one.
// Names stay in order where they are.
func (f *File) Load(module string, names ...string) error {
	var last, load *syntax.LoadStmt
	known := map[string]bool{}
	for _, stmt := range f.tree.Stmts {
		ld, ok := stmt.(*syntax.LoadStmt)
		if !ok {
			continue
		}
		if last = ld; ld.ModuleName() != module {
			continue
		}
		load = ld
		for i, to := range ld.To {
			if to.Name == ld.From[i].Name {
				known[to.Name] = true
			}
		}
	}
	names = slices.DeleteFunc(slices.Clone(names), func(n string) bool { return known[n] })
	slices.Sort(names)
	names = slices.Compact(names)
	switch {
	case len(names) == 0:
		return nil
	case load == nil:
		return f.newLoad(last, module, names)
	}
	for _, name := range names {
		if err := f.loadName(module, name); err != nil {
			return err
		}
	}
	return nil
}

// loadName adds a name to the last load statement of a module.
func (f *File) loadName(module, name string) error {
	var load *syntax.LoadStmt
	for _, stmt := range f.tree.Stmts {
		if ld, ok := stmt.(*syntax.LoadStmt); ok && ld.ModuleName() == module {
			load = ld
		}
	}
	at := len(load.To)
	if slices.IsSortedFunc(load.To, func(a, b *syntax.Ident) int { return strings.Compare(a.Name, b.Name) }) {
		at, _ = slices.BinarySearchFunc(load.To, name, func(id *syntax.Ident, name string) int { return strings.Compare(id.Name, name) })
	}
	bracket := f.token(load.Load) + 1
	for f.tokens[bracket].kind != open {
		bracket++
	}
	seq, err := f.sequenceAt(bracket, 1+len(load.To)) // the first item is the module
	if err != nil {
		return err
	}
	return f.apply(seq.insert(at, Quote(name)), func() {
		id := &syntax.Ident{Name: name}
		load.To, load.From = slices.Insert(load.To, at, id), slices.Insert(load.From, at, id)
	})
}

// newLoad adds a load statement after the last one; without one, before the first statement that is no documentation.
func (f *File) newLoad(last *syntax.LoadStmt, module string, names []string) error {
	text := "load(" + Quote(module)
	for _, n := range names {
		text += ", " + Quote(n)
	}
	text += ")"
	added, err := star.Parse(f.path, []byte(text))
	if err != nil {
		return &diag.Error{Pos: diag.File(f.path), Msg: fmt.Sprintf("%q cannot be loaded", module), Err: err}
	}
	nl := f.newline()
	if last != nil {
		i := slices.Index(f.tree.Stmts, syntax.Stmt(last))
		at := f.lineEnd(f.tokens[f.token(last.Rparen)].end)
		return f.apply([]splice{{at, at, nl + text}}, func() { f.tree.Stmts = slices.Insert(f.tree.Stmts, i+1, added.Stmts[0]) })
	}
	i, at := 0, 0
	if len(f.tree.Stmts) > 0 {
		if x, ok := f.tree.Stmts[0].(*syntax.ExprStmt); ok {
			if lit, ok := x.X.(*syntax.Literal); ok {
				i, at = 1, f.lineEnd(f.tokens[f.token(lit.TokenPos)].end)
			}
		}
	}
	switch {
	case i == 1:
		text = nl + nl + text
	case len(f.content) > 0:
		text += nl + nl
	default:
		text += nl
	}
	return f.apply([]splice{{at, at, text}}, func() { f.tree.Stmts = slices.Insert(f.tree.Stmts, i, added.Stmts[0]) })
}
