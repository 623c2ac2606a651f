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
	hits  int // files of the package that it changes
}

// parsePatch reads a patch of git's or diff -u's. The error says what is wrong with it, for a person.
func parsePatch(name string, text []byte) (*patch, error) {
	if n := bytes.Count(text, newline); n > MaxPatchLines {
		return nil, fmt.Errorf("it has %d lines, expected at most %d", n, MaxPatchLines)
	}
	files, _, err := gitdiff.Parse(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("it is no patch: %s", strings.TrimPrefix(err.Error(), "gitdiff: "))
	}
	if len(files) == 0 {
		return nil, errors.New("it changes no file")
	}
	for _, f := range files {
		for _, n := range []string{f.OldName, f.NewName} {
			switch {
			case path.IsAbs(n) && n != "/dev/null" || slices.Contains(strings.Split(n, "/"), ".."):
				return nil, fmt.Errorf("it names %q, expected a path below the package", n)
			case strings.HasSuffix(n, "\r"):
				return nil, errors.New("the lines of the patch itself end in CRLF; it is to be kept as it was made, as git does with \"*.patch -text\" in .gitattributes")
			}
		}
		if f.IsBinary && f.BinaryFragment == nil {
			return nil, fmt.Errorf("it says that %q changes, a binary file, and not how: make it with git diff --binary", first(f.NewName, f.OldName))
		}
	}
	return &patch{name: name, files: files}, nil
}

var newline = []byte("\n")

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// changesNothing reports a change of a file's mode alone.
func changesNothing(f *gitdiff.File) bool {
	return len(f.TextFragments) == 0 && f.BinaryFragment == nil && !f.IsNew && !f.IsDelete && !f.IsRename && !f.IsCopy
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
	if f.IsNew && len(content) > 0 {
		return nil, errors.New("it makes the file, which is there already")
	}
	var out []byte
	var err error
	if f.IsBinary {
		out, err = applyBinary(f, content)
	} else {
		out, err = applyText(f.TextFragments, content)
	}
	if err != nil {
		return nil, err
	}
	if f.IsDelete {
		if len(out) > 0 {
			return nil, errors.New("it removes the file, which has more lines than it says")
		}
		return nil, nil
	}
	return out, nil
}

// applyText applies hunks. Each stands at the line that it names, or does not apply.
func applyText(hunks []*gitdiff.TextFragment, content []byte) ([]byte, error) {
	lines := splitLines(content)
	out := make([]byte, 0, len(content))
	at := 0 // of lines
	for i, h := range sortedHunks(hunks) {
		start := oldStart(h)
		if start < at {
			return nil, fmt.Errorf("%s overlaps the one before it", hunkName(i, h))
		}
		if start > len(lines) {
			return nil, conflict(i, h, lines, len(lines))
		}
		for _, l := range lines[at:start] {
			out = append(out, l...)
		}
		at = start
		for _, l := range h.Lines {
			if l.Old() {
				if at >= len(lines) || string(lines[at]) != l.Line {
					return nil, conflict(i, h, lines, at)
				}
				at++
			}
			if l.New() {
				if len(out) > 0 && out[len(out)-1] != '\n' {
					return nil, fmt.Errorf("%s puts a line behind the one that ends the file without a newline", hunkName(i, h))
				}
				out = append(out, l.Line...)
			}
		}
		if len(out) > MaxFileBytes {
			return nil, fmt.Errorf("the file would have more than %d bytes", MaxFileBytes)
		}
	}
	for _, l := range lines[at:] {
		if len(out) > 0 && out[len(out)-1] != '\n' {
			return nil, errors.New("a line without a newline would not be the file's last")
		}
		out = append(out, l...)
	}
	return out, nil
}

func sortedHunks(hunks []*gitdiff.TextFragment) []*gitdiff.TextFragment {
	return slices.SortedStableFunc(slices.Values(hunks), func(a, b *gitdiff.TextFragment) int {
		return min(1, max(-1, oldStart(a)-oldStart(b)))
	})
}

// oldStart is the index of the first line that a hunk is about. One without old lines names the line before it.
func oldStart(h *gitdiff.TextFragment) int {
	const far = 1 << 40 // farther than any file has lines
	start := int(min(max(h.OldPosition, 0), far)) - 1
	if h.OldLines == 0 {
		start++
	}
	return start
}

func splitLines(content []byte) [][]byte {
	lines := bytes.SplitAfter(content, newline)
	if last := len(lines) - 1; len(lines[last]) == 0 {
		lines = lines[:last]
	}
	return lines
}

func hunkName(i int, h *gitdiff.TextFragment) string {
	return fmt.Sprintf("hunk %d (%s)", i+1, strings.TrimSpace(h.Header()))
}

// maxOffset bounds how far away a hunk is looked for that does not apply where it says, in lines.
const maxOffset = 10_000

// conflict says why a hunk does not apply, in the words of who reads patches: which, and whether it would apply elsewhere.
func conflict(i int, h *gitdiff.TextFragment, lines [][]byte, at int) error {
	hunk := hunkName(i, h)
	var old []string
	for _, l := range h.Lines {
		if l.Old() {
			old = append(old, l.Line)
		}
	}
	match := func(start int, same func(a []byte, b string) bool) bool {
		if start < 0 || start+len(old) > len(lines) || len(old) == 0 {
			return false
		}
		for k, want := range old {
			if !same(lines[start+k], want) {
				return false
			}
		}
		return true
	}
	equal := func(a []byte, b string) bool { return string(a) == b }
	loose := func(a []byte, b string) bool {
		return string(bytes.TrimRight(a, "\r\n")) == strings.TrimRight(b, "\r\n")
	}
	start := oldStart(h)
	if match(start, loose) {
		return fmt.Errorf("%s differs in the ends of lines (CRLF, or none at the end of the file)", hunk)
	}
	for d := 1; d <= min(len(lines), maxOffset); d++ {
		for _, s := range []int{start - d, start + d} {
			if match(s, equal) {
				return fmt.Errorf("%s applies only with an offset of %d lines, at line %d", hunk, s-start, s+1)
			}
		}
	}
	if at >= len(lines) {
		return fmt.Errorf("%s: the file has only %d lines", hunk, len(lines))
	}
	return fmt.Errorf("%s does not match at line %d", hunk, at+1)
}

// applyBinary applies a binary change. What git calls a literal is the new content, whatever the old one was, so it counts
// only when the way back leads to the old one.
func applyBinary(f *gitdiff.File, content []byte) ([]byte, error) {
	run := func(f *gitdiff.File, content []byte) ([]byte, error) {
		var out bytes.Buffer
		err := gitdiff.Apply(limited{&out}, bytes.NewReader(content), f, gitdiff.WithMaxBinaryFragmentBytes(MaxFileBytes))
		return out.Bytes(), err
	}
	other := errors.New("the binary file is another one than the patch was made from")
	out, err := run(f, content)
	if err != nil {
		if errors.Is(err, &gitdiff.Conflict{}) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, other
		}
		return nil, fmt.Errorf("its binary part cannot be used: %s", strings.TrimPrefix(err.Error(), "gitdiff: "))
	}
	r, err := reversed(f)
	if err != nil {
		return nil, err
	}
	back, err := run(r, out)
	if err != nil || !bytes.Equal(back, content) {
		return nil, other
	}
	if out == nil {
		out = []byte{}
	}
	return out, nil
}

// limited bounds what a patch can make.
type limited struct{ b *bytes.Buffer }

func (l limited) Write(p []byte) (int, error) {
	if l.b.Len()+len(p) > MaxFileBytes {
		return 0, fmt.Errorf("the file would have more than %d bytes", MaxFileBytes)
	}
	return l.b.Write(p)
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
		for _, n := range []string{f.OldName, f.NewName} {
			_, rest, _ := strings.Cut(n, "/")
			names = append(names, n, rest)
		}
	}
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(n string) bool { return n == "" }), nil
}
