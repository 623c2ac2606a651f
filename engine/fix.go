package engine

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/edit"
	"github.com/sbomctl/sbomctl/engine/finding"
)

// A fix that is an edit is worked out in three steps: find the file and what is meant in it, drop what contradicts
// another fix, and edit. The edits of a file are made from its end to its beginning, so that the places of those to come hold.
//
// Nothing is edited unless it says what the finding was about: a value that is computed, or that a macro was given
// and changed, is for a person. So is a file that may not be written, and one that is no file of the workspace.

// Edit replaces bytes of one of the user's own files.
type Edit struct {
	File       string // relative to the root
	Start, End int    // byte offsets in the file as it is
	New        string
}

// Fixes are what the fixes of a report's findings come to.
type Fixes struct {
	Changes []Change      // all that can be made, together; sorted by path
	Edits   [][]Edit      // of each finding what its fix changes, nil when it is no edit or cannot be made
	Refused []*diag.Error // of each finding why its fix cannot be made, though it is an edit; nil otherwise
}

// Fixes works out the edits that mend findings. Of the waived ones there are none. Nothing is written.
func (w *Workspace) Fixes(findings []Found) *Fixes {
	x := &fixer{w: w, out: &Fixes{Edits: make([][]Edit, len(findings)), Refused: make([]*diag.Error, len(findings))}, files: map[string]*fixedFile{}}
	for i, f := range findings {
		if f.Waiver != nil || !f.Fix.Edit() {
			continue
		}
		var err error
		if f.Fix.Attr != "" {
			err = x.attribute(i, f)
		} else {
			err = x.text(i, f)
		}
		x.refuse(i, f.Pos, err)
	}
	x.agree(findings)
	for _, name := range sortedNames(x.files) {
		x.edit(x.files[name])
	}
	return x.out
}

type fixer struct {
	w     *Workspace
	out   *Fixes
	files map[string]*fixedFile
}

// fixedFile is a file and the fixes that edit it.
type fixedFile struct {
	name    string
	content []byte
	lines   []int // where each begins
	fixes   []*placedFix
	known   map[fixKey]*placedFix
}

// fixKey is an edit.
type fixKey struct {
	start, end int    // what is replaced; of an attribute, where it is written, or the call
	text       string // what comes there

	call   diag.Pos // of an attribute: where the call is
	attr   string   // "" when text is replaced
	remove bool
}

// placedFix is a fix at its place, for all findings that want the same.
type placedFix struct {
	fixKey
	findings []int
}

func (x *fixer) refuse(i int, pos diag.Pos, err error) {
	if err == nil {
		return
	}
	var d *diag.Error
	if !errors.As(err, &d) {
		d = &diag.Error{Pos: pos, Msg: err.Error(), Err: err}
	}
	if d.Pos == diag.File(pos.File) {
		at := *d
		at.Pos = pos
		d = &at
	}
	x.out.Refused[i], x.out.Edits[i] = d, nil
}

// file returns a file of the user, which must be one that may be written.
func (x *fixer) file(name string) (*fixedFile, error) {
	if f := x.files[name]; f != nil {
		return f, nil
	}
	content, err := x.w.writableSource(name)
	if err != nil {
		return nil, err
	}
	return x.add(name, content), nil
}

func (x *fixer) add(name string, content []byte) *fixedFile {
	f := &fixedFile{name: name, content: content, lines: []int{0}, known: map[fixKey]*placedFix{}}
	for at := 0; ; {
		n := bytes.IndexByte(content[at:], '\n')
		if n < 0 {
			break
		}
		at += n + 1
		f.lines = append(f.lines, at)
	}
	x.files[name] = f
	return f
}

// add notes a fix for finding i, which may be another's, too.
func (f *fixedFile) add(i int, k fixKey) {
	p := f.known[k]
	if p == nil {
		p = &placedFix{fixKey: k}
		f.known[k] = p
		f.fixes = append(f.fixes, p)
	}
	p.findings = append(p.findings, i)
}

// offset is the inverse of diag.At; -1 when there is no such place.
func (f *fixedFile) offset(pos diag.Pos) int {
	if pos.Line < 1 || pos.Line > len(f.lines) || pos.Col < 1 {
		return -1
	}
	if at := f.lines[pos.Line-1] + pos.Col - 1; at <= len(f.content) {
		return at
	}
	return -1
}

// text finds the text that a fix replaces.
func (x *fixer) text(i int, f Found) error {
	if f.Fix.Old == "" || f.Pos.Line == 0 || f.Pos.Col == 0 {
		return &diag.Error{Pos: f.Pos, Msg: "the fix has no place"}
	}
	file, err := x.file(f.Pos.File)
	if err != nil {
		return err
	}
	start := file.offset(f.Pos)
	if start < 0 || !bytes.HasPrefix(file.content[start:], []byte(f.Fix.Old)) {
		return &diag.Error{Pos: f.Pos, Msg: "the file changed meanwhile", Hints: []string{"run the command again"}}
	}
	file.add(i, fixKey{start: start, end: start + len(f.Fix.Old), text: f.Fix.New})
	return nil
}

// attribute finds the call that declares the target of a finding, and makes sure that it says what the finding is about.
func (x *fixer) attribute(i int, f Found) error {
	site := x.w.declared(f.Label)
	if site.Pos.IsZero() {
		return &diag.Error{Pos: f.Pos, Msg: fmt.Sprintf("%s is declared nowhere", cmp.Or(f.Label, "the target"))}
	}
	at := site.AttrPos(f.Fix.Attr)
	file, err := x.file(site.Pos.File)
	if err != nil {
		return err
	}
	tree, err := edit.Parse(file.name, file.content)
	if err != nil {
		return err
	}
	call, err := tree.CallAt(site.Pos)
	if err != nil {
		return err
	}
	byMacro := func() error {
		m := site.Macros[len(site.Macros)-1]
		return &diag.Error{Pos: m.Pos, Label: f.Label, Msg: fmt.Sprintf("%s makes %s of something else than the call says", m.Name, f.Fix.Attr),
			Hints: []string{fmt.Sprintf("the call is at %s", site.Pos)}}
	}
	value, ok, err := call.String(f.Fix.Attr)
	says := f.Declared == "" || ok && (value == f.Declared || f.Fix.Old != "" && value == f.Fix.Old)
	switch {
	case err != nil && !f.Fix.Remove:
		return err
	case site.Macros != nil && (!ok || f.Declared == "" || !says):
		return byMacro()
	case !says && (ok || !f.Fix.Remove):
		return &diag.Error{Pos: at, Label: f.Label, Msg: fmt.Sprintf("%s is not written as %q here, but made of something else", f.Fix.Attr, f.Declared)}
	}
	// It is tried by itself, so that one that cannot be made spoils no other.
	if err := editCall(call, f.Fix.Attr, f.Fix.Value, f.Fix.Remove); err != nil {
		return err
	}
	start := max(file.offset(at), 0)
	file.add(i, fixKey{start: start, end: start, call: site.Pos, attr: f.Fix.Attr, text: f.Fix.Value, remove: f.Fix.Remove})
	return nil
}

func editCall(call *edit.Call, attr, value string, remove bool) error {
	if remove {
		return call.Remove(attr)
	}
	return call.Set(attr, value)
}

// agree drops the fixes that contradict each other: of one attribute, or of one stretch of text.
func (x *fixer) agree(findings []Found) {
	for _, name := range sortedNames(x.files) {
		file := x.files[name]
		slices.SortStableFunc(file.fixes, func(a, b *placedFix) int {
			return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.end, b.end), cmp.Compare(elementOf(a.attr), elementOf(b.attr)))
		})
		bad := map[*placedFix]*placedFix{}
		reach, end := (*placedFix)(nil), -1 // of those so far, the one that reaches farthest
		byCall := map[diag.Pos][]*placedFix{}
		for _, p := range file.fixes {
			if p.attr == "" {
				if reach != nil && p.start < end {
					bad[p], bad[reach] = reach, p
				}
				if p.end > end {
					reach, end = p, p.end
				}
				continue
			}
			for _, q := range byCall[p.call] {
				if q.attr == p.attr || attrOf(q.attr) == p.attr || q.attr == attrOf(p.attr) {
					bad[p], bad[q] = q, p
				}
			}
			byCall[p.call] = append(byCall[p.call], p)
		}
		file.fixes = slices.DeleteFunc(file.fixes, func(p *placedFix) bool {
			q := bad[p]
			if q == nil {
				return false
			}
			other := findings[q.findings[0]]
			for _, i := range p.findings {
				f := findings[i]
				x.refuse(i, f.Pos, &diag.Error{Pos: f.Pos, Label: f.Label, Msg: fmt.Sprintf("another finding wants another edit of the same: %s [%s]", fixWords(other.Fix), other.Rule),
					Hints: placeHint(other)})
			}
			return true
		})
	}
}

func placeHint(f Found) []string {
	if f.Pos.IsZero() {
		return nil
	}
	return []string{"it is at " + f.Pos.String()}
}

func fixWords(f *finding.Fix) string {
	switch {
	case f.Remove:
		return "remove " + f.Attr
	case f.Attr != "":
		return fmt.Sprintf("%s = %q", f.Attr, f.Value)
	}
	return fmt.Sprintf("%q instead of %q", f.New, f.Old)
}

// attrOf is the attribute of an element: "exclude" of "exclude[2]".
func attrOf(place string) string {
	attr, _, _ := strings.Cut(place, "[")
	return attr
}

// elementOf is the number of an element, 0 of an attribute: an absent attribute's place and that of all its elements is the call.
func elementOf(place string) int {
	var n int
	if _, rest, ok := strings.Cut(place, "["); ok {
		fmt.Sscanf(rest, "%d]", &n)
	}
	return n
}

// edit makes the edits of one file, the last first.
func (x *fixer) edit(file *fixedFile) {
	var made []Edit
	for _, p := range slices.Backward(file.fixes) {
		e := Edit{file.name, p.start, p.end, p.text}
		if p.attr != "" {
			now := replay(file.content, made) // the places before those hold
			after, err := p.apply(file.name, now)
			if err != nil {
				for _, i := range p.findings {
					x.refuse(i, diag.File(file.name), err)
				}
				continue
			}
			e = difference(file.name, now, after)
		}
		own := e
		if len(made) > 0 && e.End > made[len(made)-1].Start { // it reaches into another, as that of the next element of a list
			alone, err := []byte(nil), error(nil)
			if p.attr != "" {
				alone, err = p.apply(file.name, file.content)
			}
			if alone == nil || err != nil {
				for _, i := range p.findings {
					x.refuse(i, diag.File(file.name), &diag.Error{Pos: diag.File(file.name), Msg: "another fix edits the same lines", Hints: []string{"run the command again"}})
				}
				continue
			}
			own = difference(file.name, file.content, alone)
			e, made = merge(e, made)
		}
		made = append(made, e)
		for _, i := range p.findings {
			x.out.Edits[i] = []Edit{own}
		}
	}
	if len(made) > 0 {
		x.out.Changes = append(x.out.Changes, Change{Path: file.name, Before: file.content, After: replay(file.content, made)})
	}
}

// apply is a Starlark file with this one edit.
func (p *placedFix) apply(name string, content []byte) ([]byte, error) {
	tree, err := edit.Parse(name, content)
	if err != nil {
		return nil, err
	}
	call, err := tree.CallAt(p.call)
	if err != nil {
		return nil, err
	}
	if err := editCall(call, p.attr, p.text, p.remove); err != nil {
		return nil, err
	}
	return tree.Bytes(), nil
}

// difference is the shortest edit that makes after of before, and of several the first: before the edits that were made behind it.
func difference(file string, before, after []byte) Edit {
	tail := 0
	for tail < min(len(before), len(after)) && before[len(before)-1-tail] == after[len(after)-1-tail] {
		tail++
	}
	start := 0
	for start < min(len(before), len(after))-tail && before[start] == after[start] {
		start++
	}
	return Edit{file, start, len(before) - tail, string(after[start : len(after)-tail])}
}

// merge makes one edit of e, which is of a file as edits left it, and of those that it reaches into. It returns the others beside it.
func merge(e Edit, edits []Edit) (Edit, []Edit) {
	for len(edits) > 0 && e.End > edits[len(edits)-1].Start {
		next := edits[len(edits)-1]
		edits = edits[:len(edits)-1]
		if into := e.End - next.Start; into < len(next.New) {
			e.New += next.New[into:]
			e.End = next.End
		} else {
			e.End = next.End + into - len(next.New)
		}
	}
	return e, edits
}

// replay makes edits, of which the last in the file comes first and none reaches into another.
func replay(content []byte, edits []Edit) []byte {
	var out []byte
	at := 0
	for _, e := range slices.Backward(edits) {
		out = append(append(out, content[at:e.Start]...), e.New...)
		at = e.End
	}
	return append(out, content[at:]...)
}
