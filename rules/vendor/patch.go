package vendor

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/bluekeyes/go-gitdiff/gitdiff"
)

// patch is a parsed patch file.
type patch struct {
	name  string // its path, for messages
	files []*gitdiff.File
}

// parsePatch reads a patch of git's or diff -u's. The error says what is wrong with it, for a person.
func parsePatch(name string, text []byte) (*patch, error) {
	files, _, err := gitdiff.Parse(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("it is no patch: %s", strings.TrimPrefix(err.Error(), "gitdiff: "))
	}
	if len(files) == 0 {
		return nil, errors.New("it changes no file")
	}
	for _, f := range files {
		for _, n := range []string{f.OldName, f.NewName} {
			if n != "" && (path.IsAbs(n) || slices.Contains(strings.Split(n, "/"), "..")) {
				return nil, fmt.Errorf("it names %q, expected a path below the package", n)
			}
		}
		if f.IsBinary && f.BinaryFragment == nil {
			return nil, fmt.Errorf("it says that %q changes, a binary file, and not how: make it with git diff --binary", first(f.NewName, f.OldName))
		}
	}
	return &patch{name, files}, nil
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// reversed returns the change that takes f back.
func reversed(f *gitdiff.File) (*gitdiff.File, error) {
	r := *f
	r.OldName, r.NewName = f.NewName, f.OldName
	r.OldMode, r.NewMode = f.NewMode, f.OldMode
	r.IsNew, r.IsDelete = f.IsDelete, f.IsNew
	if f.IsBinary {
		if f.ReverseBinaryFragment == nil {
			return nil, errors.New("the patch cannot be taken back, since it has only one direction of a binary file")
		}
		r.BinaryFragment, r.ReverseBinaryFragment = f.ReverseBinaryFragment, f.BinaryFragment
		return &r, nil
	}
	r.TextFragments = make([]*gitdiff.TextFragment, len(f.TextFragments))
	for i, frag := range f.TextFragments {
		t := *frag
		t.OldPosition, t.NewPosition = frag.NewPosition, frag.OldPosition
		t.OldLines, t.NewLines = frag.NewLines, frag.OldLines
		t.LinesAdded, t.LinesDeleted = frag.LinesDeleted, frag.LinesAdded
		t.Lines = slices.Clone(frag.Lines)
		for j := range t.Lines {
			switch t.Lines[j].Op {
			case gitdiff.OpAdd:
				t.Lines[j].Op = gitdiff.OpDelete
			case gitdiff.OpDelete:
				t.Lines[j].Op = gitdiff.OpAdd
			}
		}
		r.TextFragments[i] = &t
	}
	return &r, nil
}

// apply applies a change to content, nil for no file, strictly. It returns nil when the change removes the file.
func apply(f *gitdiff.File, content []byte) ([]byte, error) {
	var out bytes.Buffer
	err := gitdiff.Apply(limited{&out}, bytes.NewReader(content), f, gitdiff.WithMaxBinaryFragmentBytes(MaxFileBytes))
	if err != nil {
		return nil, conflict(f, content, err)
	}
	if f.IsDelete {
		if out.Len() > 0 {
			return nil, errors.New("the patch removes the file, which has more lines than it says")
		}
		return nil, nil
	}
	if out.Len() == 0 {
		return []byte{}, nil
	}
	return out.Bytes(), nil
}

// limited bounds what a patch can make.
type limited struct{ b *bytes.Buffer }

func (l limited) Write(p []byte) (int, error) {
	if l.b.Len()+len(p) > MaxFileBytes {
		return 0, fmt.Errorf("the file would have more than %d bytes", MaxFileBytes)
	}
	return l.b.Write(p)
}

// conflict says why a change does not apply, in the words of who reads patches: which hunk, and whether it would
// apply elsewhere.
func conflict(f *gitdiff.File, content []byte, err error) error {
	var at *gitdiff.ApplyError
	if !errors.As(err, &at) || at.Fragment == 0 || f.IsBinary || at.Fragment > len(f.TextFragments) {
		if f.IsBinary {
			return errors.New("the binary file is another one than the patch was made from")
		}
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return errors.New("the file is shorter than the patch says")
		}
		return errors.New(strings.TrimPrefix(err.Error(), "gitdiff: "))
	}
	frag := f.TextFragments[at.Fragment-1]
	hunk := fmt.Sprintf("hunk %d (%s)", at.Fragment, strings.TrimSpace(frag.Header()))
	lines := bytes.SplitAfter(content, []byte("\n"))
	var old []string
	for _, l := range frag.Lines {
		if l.Old() {
			old = append(old, l.Line)
		}
	}
	match := func(start int, same func(a, b string) bool) bool {
		if start < 0 || start+len(old) > len(lines) || len(old) == 0 {
			return false
		}
		for i, want := range old {
			if !same(string(lines[start+i]), want) {
				return false
			}
		}
		return true
	}
	equal := func(a, b string) bool { return a == b }
	loose := func(a, b string) bool { return strings.TrimRight(a, "\r\n") == strings.TrimRight(b, "\r\n") }
	start := int(frag.OldPosition) - 1
	if match(start, loose) {
		return fmt.Errorf("%s differs in the ends of lines (CRLF, or none at the end of the file)", hunk)
	}
	for d := 1; d <= len(lines); d++ {
		for _, s := range []int{start - d, start + d} {
			if match(s, equal) {
				return fmt.Errorf("%s applies only with an offset of %d lines, at line %d", hunk, s-start, s+1)
			}
		}
	}
	return fmt.Errorf("%s does not match at line %d", hunk, at.Line)
}

// Touched returns the paths of the files that a patch changes, as it names them, with their first segment ("a/") and without: the end of the path that each has
// in the tree.
func Touched(text []byte) ([]string, error) {
	p, err := parsePatch("", text)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, f := range p.files {
		names = append(names, f.OldName, f.NewName, after(f.OldName), after(f.NewName))
	}
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(n string) bool { return n == "" }), nil
}
