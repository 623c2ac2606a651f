package engine

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/eval"
	"github.com/sbomctl/sbomctl/engine/files"
	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/engine/tree"
)

const (
	kindIndex   = "index"   // an archive's members: *archiveIndex; the argument is a treeRef
	kindFileSet = "fileset" // the files that patterns select in a tree: *fileSet; the argument is a fileSetSpec
)

// treeRef is a source tree: a path, at which there is a directory or an archive, or the output
// of an action, which is an archive.
type treeRef struct {
	Path   string `json:"path,omitempty"`   // as a leaf's argument
	Action string `json:"action,omitempty"` // argument of the action node
	Output string `json:"output,omitempty"` // name of its output
	File   string `json:"file,omitempty"`   // what the archive is called in messages, with Action
	Strip  string `json:"strip,omitempty"`  // prefix of an archive's members; "" is their only top-level directory
}

// fileSetSpec says which files of a tree are meant.
type fileSetSpec struct {
	Tree    treeRef  `json:"tree"`
	Include []string `json:"include,omitempty"`
	Exclude []string `json:"exclude,omitempty"`
	All     bool     `json:"all,omitempty"`   // every file, in the archive's order; no patterns
	Loose   bool     `json:"loose,omitempty"` // a pattern may match nothing

	Links files.Links `json:"links,omitempty"`
}

func fileSetKey(s fileSetSpec) eval.Key { return eval.Key{Kind: kindFileSet, Arg: mustJSON(s)} }
func indexKey(t treeRef) eval.Key       { return eval.Key{Kind: kindIndex, Arg: mustJSON(t)} }

// mustJSON encodes a struct of strings and booleans, which cannot fail. JSON that is embedded
// in it (json.RawMessage) keeps its bytes: no "<" becomes "\u003c", which would be another action's parameters.
func mustJSON(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// archiveIndex is the value of an index node: what came of the action.
type archiveIndex struct {
	index    action.Output
	data     cache.Digest
	findings []finding.Finding
}

// runIndex applies the operation RuleSet.TreeIndex to an archive.
func (w *Workspace) runIndex(c *eval.Context, arg string) (eval.Result, error) {
	var t treeRef
	if err := json.Unmarshal([]byte(arg), &t); err != nil {
		return eval.Result{}, err
	}
	in := inputRef{Name: "archive"}
	if t.Path != "" {
		in.Files = []fileRef{{Path: t.Path}}
	} else {
		in.Files = []fileRef{{Action: t.Action, Output: t.Output, Name: t.File}}
	}
	params := map[string]string{}
	if id := w.opt.Rules.Facet.ID(); id != "" {
		params["facet"] = id
	}
	if t.Strip != "" {
		params["strip_prefix"] = t.Strip
	}
	r, err := w.execute(c, treeIndex, []byte(mustJSON(params)), []inputRef{in}, []string{"data", "index"}, "")
	if err != nil {
		return eval.Result{}, err
	}
	if data := r.outputs[0]; data.Inline != nil { // members are read from the store, however few
		if _, err := w.store.Put(c.Context(), data.Inline); err != nil {
			return eval.Result{}, cacheError(err)
		}
	}
	return eval.Result{Value: r.encode()}, nil
}

func decodeIndex(value []byte) (any, error) {
	o, err := decodeExecuted(value)
	if err != nil {
		return nil, err
	}
	x := o.(*executed)
	if len(x.outputs) != 2 {
		return nil, errDamaged
	}
	return &archiveIndex{data: x.outputs[0].Digest, index: x.outputs[1], findings: x.findings}, nil
}

// members returns the decoded index of an archive; decoding is remembered in this process.
func (w *Workspace) members(c *eval.Context, k eval.Key) (*archiveIndex, *tree.Index, error) {
	o, err := c.Get(k)
	if err != nil {
		return nil, nil, err
	}
	ai := o.(*archiveIndex)
	if x, ok := w.indexes.Load(ai.index.Digest); ok {
		return ai, x.(*tree.Index), nil
	}
	b := ai.index.Inline
	if b == nil {
		b, err = w.readBlob(c.Context(), ai.index.Digest, maxIndex, func() error { return c.RunAgain(k) })
	}
	if err != nil {
		return nil, nil, err
	}
	x, err := tree.Decode(b)
	if err != nil {
		return nil, nil, err
	}
	w.indexes.Store(ai.index.Digest, x)
	return ai, x, nil
}

// maxIndex bounds an index that is read into memory, in bytes.
const maxIndex = 1 << 30

// fileSet is the value of a fileset node. Exactly one of Dir and Data says where the bytes are.
type fileSet struct {
	Dir     string       // directory of the tree, as a leaf's argument
	Data    cache.Digest // unpacked bytes of the archive that the tree is
	Index   string       // argument of the index node that made Data
	Entries []fileSetEntry

	// What is a finding of whoever uses the set.
	Unmatched []files.Unmatched // exclude patterns that match nothing
	LeftOut   []files.LeftOut
}

type fileSetEntry struct {
	Path    string // in the set
	File    string // in the directory, where Path is a link; "" is Path
	Pattern int
	Offset  int64 // in Data
	State   files.State
}

// runFileSet selects the files of a tree.
func (w *Workspace) runFileSet(c *eval.Context, arg string) (eval.Result, error) {
	var s fileSetSpec
	if err := json.Unmarshal([]byte(arg), &s); err != nil {
		return eval.Result{}, err
	}
	if s.Tree.Path != "" {
		kind, err := w.treeAt(c, &s.Tree)
		if err != nil {
			return eval.Result{}, err
		}
		switch kind {
		case files.Directory:
			return w.directorySet(c, s)
		case files.Regular:
		default:
			return eval.Result{}, &diag.Error{Pos: diag.File(s.Tree.String()), Msg: fmt.Sprintf("the source tree is %s, expected a directory or an archive", article(kind)),
				Hints: []string{"--override=LABEL=PATH puts another tree in its place"}}
		}
	}
	return w.archiveSet(c, s)
}

// treeAt returns what a source tree's path is. Where it is a link, t becomes what that leads to.
func (w *Workspace) treeAt(c *eval.Context, t *treeRef) (files.Kind, error) {
	if err := w.refuseWritten(c, t.Path); err != nil {
		return files.Absent, err
	}
	kind, err := w.kindOf(c, t.Path)
	if err != nil || kind != files.Symlink {
		return kind, err
	}
	src, err := w.gitSource(c)
	if err != nil {
		return kind, err
	}
	real, err := w.realPath(c, t.Path)
	if err != nil || real == "" {
		return files.Absent, err
	}
	t.Path = src.arg(real)
	return w.kindOf(c, t.Path)
}

func article(k files.Kind) string {
	switch k {
	case files.Absent:
		return "not there"
	}
	return "a " + k.String()
}

// directorySet selects from a directory.
func (w *Workspace) directorySet(c *eval.Context, s fileSetSpec) (eval.Result, error) {
	sel, unmatched, err := selectFiles(w.diskTree(c, s.Tree.Path), s)
	if err != nil {
		return eval.Result{}, err
	}
	keys := make([]eval.Key, len(sel.Matches))
	for i, match := range sel.Matches {
		keys[i] = fileKey(path.Join(s.Tree.Path, match.File))
	}
	states, err := c.All(keys)
	if err != nil {
		return eval.Result{}, err
	}
	set := &fileSet{Dir: s.Tree.Path, Entries: make([]fileSetEntry, len(keys)), Unmatched: unmatched, LeftOut: sel.LeftOut}
	for i, match := range sel.Matches {
		e := fileSetEntry{Path: match.Path, Pattern: match.Pattern, State: states[i].(files.State)}
		if match.File != match.Path {
			e.File = match.File
		}
		if e.State.Kind != match.Kind {
			return eval.Result{}, changedMeanwhile(match.Path)
		}
		set.Entries[i] = e
	}
	return set.result(), nil
}

// archiveSet selects from an archive's members.
func (w *Workspace) archiveSet(c *eval.Context, s fileSetSpec) (eval.Result, error) {
	k := indexKey(s.Tree)
	ai, x, err := w.members(c, k)
	if err != nil {
		return eval.Result{}, err
	}
	set := &fileSet{Data: ai.data, Index: k.Arg}
	if s.All && onlyFiles(x) { // as most archives: there is nothing to follow or to leave out
		set.Entries = make([]fileSetEntry, x.Len())
		for i := range set.Entries {
			e := x.At(i)
			set.Entries[i] = fileSetEntry{Path: e.Path, Offset: e.Offset, State: e.State()}
		}
		return set.result(), nil
	}
	sel, unmatched, err := selectFiles(w.pathTree(ai.index.Digest, x), s)
	if err != nil {
		return eval.Result{}, inArchive(s.Tree, err)
	}
	set.Unmatched, set.LeftOut = unmatched, sel.LeftOut
	set.Entries = make([]fileSetEntry, len(sel.Matches))
	for i, match := range sel.Matches {
		e, _ := x.Lookup(match.File)
		set.Entries[i] = fileSetEntry{Path: match.Path, Pattern: match.Pattern, Offset: e.Offset, State: e.State()}
	}
	if s.All { // in the archive's order, which says nothing but is the quickest to read
		at := make(map[string]int, x.Len())
		for i := range x.Len() {
			at[x.At(i).Path] = i
		}
		slices.SortFunc(set.Entries, func(a, b fileSetEntry) int { return at[a.Path] - at[b.Path] })
	}
	return set.result(), nil
}

// onlyFiles reports whether all members are regular files that a document can list.
func onlyFiles(x *tree.Index) bool {
	if x.Files() != x.Len() {
		return false
	}
	for e := range x.All() {
		if !utf8.ValidString(e.Path) {
			return false
		}
	}
	return true
}

// inArchive gives errors of members the place that they have in the archive.
func inArchive(t treeRef, err error) error {
	var out diag.List
	for _, e := range diag.Flatten(err) {
		if d, ok := e.(*diag.Error); ok && d.Pos.File != "" {
			placed := *d
			placed.Pos.File = t.String() + "!" + d.Pos.File
			e = &placed
		}
		out = append(out, e)
	}
	return out.Err()
}

// pathTree returns the listing of an archive's members, remembered in this process.
func (w *Workspace) pathTree(d cache.Digest, x *tree.Index) files.Tree {
	if t, ok := w.pathTrees.Load(d); ok {
		return t.(files.Tree)
	}
	var t files.PathTree
	for e := range x.All() {
		t.Add(e.Path, e.Kind, e.Text)
	}
	t.Sorted()
	w.pathTrees.Store(d, &t)
	return &t
}

// selectFiles selects from any tree. Unless s is loose, an include pattern that selects nothing is an error, since files
// are missing then, and exclude patterns that leave nothing out are returned: the set is right without them.
func selectFiles(t files.Tree, s fileSetSpec) (sel *files.Selection, unmatched []files.Unmatched, err error) {
	if s.All {
		sel, err = files.All(t, s.Links)
		return sel, nil, err
	}
	m, err := files.Compile(s.Include, s.Exclude)
	if err != nil {
		return nil, nil, err
	}
	sel, err = m.ExpandLinks(t, s.Links)
	if err != nil || s.Loose {
		return sel, nil, err
	}
	var errs diag.List
	for _, u := range m.Unmatched(sel, t) {
		if u.Exclude {
			unmatched = append(unmatched, u)
		} else {
			errs = append(errs, &patternError{fileSetKey(s).Arg, u})
		}
	}
	return sel, unmatched, errs.Err()
}

// inputs returns the set as input files of an action.
func (s *fileSet) inputs(w *Workspace) []action.File {
	out := make([]action.File, len(s.Entries))
	for i := range s.Entries {
		e := &s.Entries[i]
		f := action.File{Path: e.Path, Digest: e.State.Digest, Facet: e.State.Facet,
			Executable: e.State.Executable, Pattern: e.Pattern}
		if e.State.Kind != files.Regular {
			out[i] = w.noFile(s.place(e.Path), f, e.State)
			continue
		}
		if s.Index == "" {
			name := e.File
			if name == "" {
				name = e.Path
			}
			f.Handle = action.Disk{Path: w.path(path.Join(s.Dir, name))}
		} else {
			f.Handle = action.Member{Data: s.Data, Offset: e.Offset}
		}
		out[i] = f
	}
	return out
}

// place is what a path of the set is called in messages.
func (s *fileSet) place(p string) string {
	if s.Index == "" {
		return path.Join(s.Dir, p)
	}
	var t treeRef
	_ = json.Unmarshal([]byte(s.Index), &t) // it was made of one
	return t.String() + "!" + p
}

// noFile makes f the input file that stands for a link or an empty folder, which is told at place.
func (w *Workspace) noFile(place string, f action.File, s files.State) action.File {
	h := files.NewHasher(w.opt.Rules.Facet)
	h.Write([]byte(s.Target))
	sum := h.Sum()
	f.Digest, f.Facet, f.Link, f.Folder = sum.Digest, sum.Facet, s.Target, s.Kind == files.Directory
	f.Handle = action.Inline{Bytes: []byte(s.Target), Path: place}
	return f
}

func (s *fileSet) encode() []byte {
	n := 128
	for i := range s.Entries {
		n += len(s.Entries[i].Path) + 80
	}
	b := make([]byte, 0, n)
	b = appendString(b, s.Dir)
	b = appendString(b, s.Index)
	b = append(b, s.Data.Hash[:]...)
	b = binary.AppendUvarint(b, uint64(s.Data.Size))
	b = binary.AppendUvarint(b, uint64(len(s.Entries)))
	for i := range s.Entries {
		e := &s.Entries[i]
		b = appendString(b, e.Path)
		b = appendString(b, e.File)
		b = binary.AppendUvarint(b, uint64(e.Pattern))
		b = binary.AppendUvarint(b, uint64(e.Offset))
		b = e.State.Append(b)
	}
	for _, u := range s.Unmatched {
		b = binary.AppendUvarint(b, uint64(u.Index))
		b = appendString(b, u.Error.Msg)
	}
	for _, l := range s.LeftOut {
		b = append(b, "left out"...) // and nothing of an unmatched pattern, whose message begins otherwise
		b = appendString(appendString(b, l.Path), l.Why)
	}
	return b
}

// result is the node's: the value is a digest of the set, which says whether it changed. The set itself
// is large and soon selected again, so it is not recorded.
func (s *fileSet) result() eval.Result {
	sum := eval.Of(s.encode())
	return eval.Result{Value: sum[:], Object: s}
}

// String returns how a tree is called in messages.
func (t treeRef) String() string {
	if t.Path != "" {
		return files.Printable(t.Path)
	}
	return t.File
}

// MarshalJSON keeps a path that is not UTF-8 as it is: JSON's strings cannot hold it.
func (t treeRef) MarshalJSON() ([]byte, error) {
	type fields treeRef
	v := struct {
		fields
		Bytes []byte `json:"path_bytes,omitempty"`
	}{fields: fields(t)}
	if !utf8.ValidString(t.Path) {
		v.Path, v.Bytes = "", []byte(t.Path)
	}
	return []byte(mustJSON(v)), nil
}

// UnmarshalJSON is the inverse of MarshalJSON.
func (t *treeRef) UnmarshalJSON(b []byte) error {
	type fields treeRef
	var v struct {
		fields
		Bytes []byte `json:"path_bytes"`
	}
	err := json.Unmarshal(b, &v)
	if *t = treeRef(v.fields); v.Bytes != nil {
		t.Path = string(v.Bytes)
	}
	return err
}

func displayIndex(arg string) (name, label string) {
	var t treeRef
	if json.Unmarshal([]byte(arg), &t) != nil {
		return arg, ""
	}
	owner, _ := splitAction(t.Action)
	return "index of " + t.String(), owner
}

func displayFileSet(arg string) (name, label string) {
	var s fileSetSpec
	if json.Unmarshal([]byte(arg), &s) != nil {
		return arg, ""
	}
	if s.All {
		return "all files of " + s.Tree.String(), ""
	}
	return "files " + strings.Join(s.Include, " ") + " of " + s.Tree.String(), ""
}
