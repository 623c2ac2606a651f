package edit

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.starlark.net/syntax"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/star"
)

// File is a Starlark file that is being edited.
type File struct {
	path    string
	content []byte
	tree    *syntax.File
	tokens  []token
	calls   []*Call // that were handed out
}

// Parse reads a file; path is what errors call it. An error is that of loading the file.
func Parse(path string, content []byte) (*File, error) {
	f := &File{path: path}
	if err := f.read(bytes.Clone(content)); err != nil {
		return nil, err
	}
	return f, nil
}

func (f *File) read(content []byte) error {
	tree, err := star.Parse(f.path, content)
	if err != nil {
		return err
	}
	f.content, f.tree = content, tree
	f.tokens = lex(content)
	return nil
}

// Bytes returns the file as it is now.
func (f *File) Bytes() []byte { return bytes.Clone(f.content) }

// splice replaces the bytes from start to end.
type splice struct {
	start, end int
	text       string
}

// errUnsound is the cause of the error of an edit that would have changed something else.
var errUnsound = errors.New("the edit would change something else")

// apply makes the splices, which do not overlap, and the same edit of the tree. The file stays as it was when the
// result is another than meant.
func (f *File) apply(splices []splice, sameEdit func()) error {
	slices.SortStableFunc(splices, func(a, b splice) int { return a.start - b.start })
	old := *f
	calls := make([]int, len(f.calls))
	for i, c := range f.calls {
		calls[i] = c.open
	}
	var out []byte
	at := 0
	for _, s := range splices {
		out = append(append(out, old.content[at:s.start]...), s.text...)
		at = s.end
	}
	out = append(out, old.content[at:]...)
	before := f.comments()
	meant := f.meaning(splices, sameEdit)
	err := f.read(out)
	if err == nil && (!meant(f) || !within(before, f.comments())) {
		err = errUnsound
	}
	if err != nil {
		*f = old
		if again := f.read(old.content); again != nil { // sameEdit changed the tree
			return again
		}
		return f.unsound(splices[0].start, err)
	}
	for i, c := range f.calls {
		c.open = moved(calls[i], splices)
	}
	return nil
}

// meaning makes an edit of the tree. It returns a function that says whether a file's tree is what that gives. A statement that the splices do
// not touch has the bytes that it had; so it has the tree that it had, when it begins where it should.
func (f *File) meaning(splices []splice, sameEdit func()) func(*File) bool {
	was := f.tree.Stmts
	starts := make([]int, len(was))
	touched := make([]bool, len(was))
	for i, stmt := range was {
		starts[i] = f.offset(syntax.Start(stmt))
	}
	for _, s := range splices {
		i, exact := slices.BinarySearch(starts, s.start)
		if !exact {
			i--
		}
		if i >= 0 {
			touched[i] = true
		}
	}
	sameEdit()
	if len(f.tree.Stmts) != len(was) {
		want := dump(f.tree.Stmts...)
		return func(f *File) bool { return dump(f.tree.Stmts...) == want }
	}
	want := make([]string, len(was))
	for i := range was {
		if touched[i] {
			want[i] = dump(was[i])
		}
	}
	return func(f *File) bool {
		if len(f.tree.Stmts) != len(was) {
			return false
		}
		for i, stmt := range f.tree.Stmts {
			if f.offset(syntax.Start(stmt)) != moved(starts[i], splices) || touched[i] && dump(stmt) != want[i] {
				return false
			}
		}
		return true
	}
}

func (f *File) unsound(at int, err error) error {
	return &diag.Error{Pos: diag.At(f.path, f.content, at), Msg: "this cannot be edited without changing something else; edit it by hand", Err: errors.Join(errUnsound, err)}
}

// moved returns where an offset is after the splices; none of them is around it.
func moved(at int, splices []splice) int {
	by := 0
	for _, s := range splices {
		if s.end <= at {
			by += len(s.text) - (s.end - s.start)
		}
	}
	return at + by
}

// comments returns the file's comments in order.
func (f *File) comments() []string {
	var out []string
	for _, t := range f.tokens {
		if t.kind == comment {
			out = append(out, string(f.content[t.start:t.end]))
		}
	}
	return out
}

// within reports whether all of a is in b, in a's order.
func within(a, b []string) bool {
	for _, s := range b {
		if len(a) > 0 && a[0] == s {
			a = a[1:]
		}
	}
	return len(a) == 0
}

// newline is how the file ends its lines.
func (f *File) newline() string {
	i := bytes.IndexAny(f.content, "\r\n")
	if i < 0 || f.content[i] == '\n' {
		return "\n"
	}
	if i+1 < len(f.content) && f.content[i+1] == '\n' {
		return "\r\n"
	}
	return "\r"
}

// offset of a position in the tree, which is where a token starts.
func (f *File) offset(p syntax.Position) int { return f.tokens[f.token(p)].start }

func (f *File) token(p syntax.Position) int {
	i, ok := slices.BinarySearchFunc(f.tokens, place{p.Line, p.Col}, func(t token, at place) int { return t.at.compare(at) })
	if !ok {
		panic(fmt.Sprintf("no token at %s", p)) // FuzzLex
	}
	return i
}

func (f *File) pos(p syntax.Position) diag.Pos {
	return diag.Pos{File: f.path, Line: int(p.Line), Col: int(p.Col)}
}

// lineStart returns the offset of the first byte of the line of an offset.
func (f *File) lineStart(at int) int { return bytes.LastIndexAny(f.content[:at], "\r\n") + 1 }

// lineEnd returns the offset of the end of the line of an offset, before what ends it.
func (f *File) lineEnd(at int) int {
	if i := bytes.IndexAny(f.content[at:], "\r\n"); i >= 0 {
		return at + i
	}
	return len(f.content)
}

// indent returns the white space at the start of the line of an offset.
func (f *File) indent(at int) string {
	start := f.lineStart(at)
	line := f.content[start:at]
	return string(line[:len(line)-len(bytes.TrimLeft(line, " \t"))])
}

// first reports whether nothing but white space is before an offset in its line.
func (f *File) first(at int) bool { return len(bytes.Trim(f.content[f.lineStart(at):at], " \t")) == 0 }

// dump writes syntax trees without positions and spelling: what has one dump means the same.
func dump(stmts ...syntax.Stmt) string {
	var b strings.Builder
	dumpValue(&b, reflect.ValueOf(stmts))
	return b.String()
}

var (
	positionType = reflect.TypeFor[syntax.Position]()
	literalType  = reflect.TypeFor[*syntax.Literal]()
)

func dumpValue(b *strings.Builder, v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		switch {
		case v.IsNil():
			b.WriteString("nil ")
		case v.Type() == literalType:
			lit := v.Interface().(*syntax.Literal)
			fmt.Fprintf(b, "%s %q ", lit.Token, fmt.Sprint(lit.Value))
		default:
			dumpValue(b, v.Elem())
		}
	case reflect.Slice:
		fmt.Fprintf(b, "[%d ", v.Len())
		for i := range v.Len() {
			dumpValue(b, v.Index(i))
		}
	case reflect.Struct:
		fmt.Fprintf(b, "%s ", v.Type().Name())
		for i := range v.NumField() {
			field := v.Type().Field(i)
			if field.IsExported() && field.Type != positionType && !resolved[field.Name] {
				dumpValue(b, v.Field(i))
			}
		}
	case reflect.String:
		fmt.Fprintf(b, "%q ", v)
	default:
		fmt.Fprintf(b, "%v ", v)
	}
}

// resolved are the fields that the resolver fills in.
var resolved = map[string]bool{"Function": true, "Binding": true}
