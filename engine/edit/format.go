package edit

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bazelbuild/buildtools/build"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// Format returns the whole file in the one layout that buildifier gives a .bzl file: no order changes, no list or call is folded that was
// written over several lines, and none is spread that was written on one. (The layout that it gives BUILD files, and its
// rewrites, sort lists and spread calls, which our readers did not ask for.)
//
// The result means the same: it has the same tree and the same comments. The file keeps its ends of lines.
func Format(path string, content []byte) ([]byte, error) {
	f, err := Parse(path, content)
	if err != nil {
		return nil, err
	}
	plain := bytes.ReplaceAll(content, []byte("\r\n"), []byte("\n"))
	out := bytes.ReplaceAll(plain, []byte("\r"), []byte("\n"))
	for range 4 { // comments in odd places can take more than one time to settle
		before := out
		tree, err := build.ParseDefault(path, bytes.Clone(before))
		if err != nil {
			return nil, unformattable(path, err)
		}
		if out = build.FormatWithoutRewriting(tree); bytes.Equal(out, before) {
			break
		}
	}
	if nl := f.newline(); nl == "\r\n" {
		out = bytes.ReplaceAll(out, []byte("\n"), []byte(nl))
	}
	after, err := Parse(path, out)
	if err != nil || dump(f.tree.Stmts...) != dump(after.tree.Stmts...) || !slices.Equal(f.notes(), after.notes()) {
		return nil, &diag.Error{Pos: diag.File(path), Msg: "the formatter would change what the file means, so the file stays as it is", Err: errors.Join(errUnsound, err)}
	}
	return out, nil
}

// notes are the comments without the spaces at their ends, sorted: the formatter may move one across another.
func (f *File) notes() []string {
	out := f.comments()
	for i, c := range out {
		out[i] = strings.Trim(c, "# \t\r")
	}
	slices.Sort(out)
	return out
}

// unformattable is the error of a file that loads and that the formatter cannot read: it does not know all of the dialect.
func unformattable(path string, err error) error {
	d := &diag.Error{Pos: diag.File(path), Err: err, Msg: "the formatter cannot read this, though it loads: " + err.Error()}
	var p build.ParseError
	if errors.As(err, &p) {
		d.Pos = diag.Pos{File: path, Line: p.Pos.Line, Col: p.Pos.LineRune}
		d.Msg = fmt.Sprintf("the formatter cannot read this, though it loads: %s", p.Message)
	}
	return d
}
