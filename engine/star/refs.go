package star

import (
	"fmt"
	"path"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/label"
)

// Artifact names a file: a source file of the workspace, or what an action of a target writes.
type Artifact struct {
	Owner  label.Label // the target whose action writes it; zero for a source file
	Action int         // index in the owner's Actions; -1 for a source file
	Output string      // name of that action's output
	Path   string      // slash-separated, relative to the workspace root or to the output root
}

// Source reports whether a is a file of the workspace rather than an output.
func (a Artifact) Source() bool { return a.Action < 0 }

// Tree names a lazy tree of files: a directory or archive of the workspace, or an archive that
// is an artifact.
type Tree struct {
	Owner   label.Label // the target that declared it, which --override can name
	Path    string      // relative to the workspace root; "" when Archive is set
	Archive *Artifact
	// StripPrefix is the leading directory that is cut off member names of an archive. AutoStrip
	// stands for the archive's single top-level directory.
	StripPrefix string
	AutoStrip   bool
}

// LinksWords are what a file set may do with symbolic links: see files.Links, whose order it is.
var LinksWords = []string{"follow", "keep", "skip"}

// FileSet names files of a tree by patterns.
type FileSet struct {
	Tree       Tree
	Members    bool     // every file, in the tree's own order; Include and Exclude are empty
	Links      string   // one of LinksWords, "keep" only with Members; "" is the first
	Include    []string // doublestar patterns, in declared order
	Exclude    []string
	RequireAll bool // each pattern must match something

	// Where in the target's declaration the patterns come from, in the words of diag.Error.Attr: nothing is
	// not known, one is an attribute whose element i is pattern i, and otherwise each pattern has its own.
	IncludeAttr, ExcludeAttr []string
}

// PatternPlace is what of the declaration pattern i comes from, given an IncludeAttr or ExcludeAttr; "" for
// not known.
func PatternPlace(attrs []string, i int) string {
	switch {
	case len(attrs) == 1:
		return place(attrs[0], i)
	case i < len(attrs):
		return attrs[i]
	}
	return ""
}

// SourceFile returns the target that stands for a source file, for a label that names a file
// and no target.
func SourceFile(l label.Label) *Target {
	a := &artifactValue{Artifact: Artifact{Action: -1, Path: l.Path()}}
	raw, err := encodeTarget(&analysed{label: l, rule: sourceFileRule, files: []*artifactValue{a}})
	if err != nil {
		panic(err) // a label is bounded, so its encoding is
	}
	return raw
}

const sourceFileRule = "source file"

// hasFields is what Instance and starlarkstruct.Struct have in common: attributes that are data.
type hasFields interface {
	starlark.Value
	Attr(string) (starlark.Value, error)
	AttrNames() []string
}

// labelValue is a label in Starlark.
type labelValue struct{ label.Label }

func (l labelValue) String() string        { return l.Label.String() }
func (labelValue) Type() string            { return "Label" }
func (labelValue) Freeze()                 {}
func (labelValue) Truth() starlark.Bool    { return true }
func (l labelValue) Hash() (uint32, error) { return starlark.String(l.Label.String()).Hash() }
func (labelValue) AttrNames() []string     { return []string{"name", "package", "repo"} }

func (l labelValue) Attr(name string) (starlark.Value, error) {
	switch name {
	case "name":
		return starlark.String(l.Name), nil
	case "package":
		return starlark.String(l.Pkg), nil
	case "repo":
		return starlark.String(l.Repo), nil
	}
	return nil, nil
}

// artifactValue is an artifact in Starlark. While its target is being analysed, claim says
// which action writes it.
type artifactValue struct {
	Artifact
	claim *claim
}

// claim is an output that the target under analysis has declared.
type claim struct {
	action *actionInProgress // nil until an action writes it
	index  int               // of that action
	pos    diag.Pos          // of declare_output
}

func (a *artifactValue) String() string {
	if a.Source() && a.claim == nil {
		return "<source file " + a.Path + ">"
	}
	return "<output " + a.Path + ">"
}
func (*artifactValue) Type() string            { return "File" }
func (*artifactValue) Freeze()                 {}
func (*artifactValue) Truth() starlark.Bool    { return true }
func (a *artifactValue) Hash() (uint32, error) { return starlark.String(a.Path).Hash() }
func (*artifactValue) AttrNames() []string {
	return []string{"basename", "dirname", "extension", "is_source", "owner", "path"}
}

func (a *artifactValue) Attr(name string) (starlark.Value, error) {
	switch name {
	case "path":
		return starlark.String(a.Path), nil
	case "basename":
		return starlark.String(path.Base(a.Path)), nil
	case "dirname":
		return starlark.String(path.Dir(a.Path)), nil
	case "extension":
		return starlark.String(strings.TrimPrefix(path.Ext(a.Path), ".")), nil
	case "is_source":
		return starlark.Bool(a.claim == nil && a.Source()), nil
	case "owner":
		if a.Owner.IsZero() {
			return starlark.None, nil
		}
		return labelValue{a.Owner}, nil
	}
	return nil, nil
}

// CompareSameType makes two values that name the same file equal.
func (a *artifactValue) CompareSameType(op syntax.Token, y starlark.Value, _ int) (bool, error) {
	b := y.(*artifactValue)
	same := a.Path == b.Path && a.Owner == b.Owner
	switch op {
	case syntax.EQL:
		return same, nil
	case syntax.NEQ:
		return !same, nil
	}
	return false, faultf("files have no order")
}

// resolved returns the artifact with its action filled in.
func (a *artifactValue) resolved() (Artifact, error) {
	r := a.Artifact
	if a.claim != nil {
		if a.claim.action == nil {
			return r, &diag.Error{Pos: a.claim.pos, Msg: fmt.Sprintf("output %q is declared, but no action writes it", a.Path)}
		}
		r.Action = a.claim.index
	}
	return r, nil
}

// treeValue is a tree in Starlark.
type treeValue struct {
	Tree
	archive *artifactValue // Tree.Archive, which is set once it is resolved
}

func (t *treeValue) String() string        { return "<tree " + t.name() + ">" }
func (*treeValue) Type() string            { return "Tree" }
func (*treeValue) Freeze()                 {}
func (*treeValue) Truth() starlark.Bool    { return true }
func (t *treeValue) Hash() (uint32, error) { return starlark.String(t.name()).Hash() }
func (*treeValue) AttrNames() []string     { return []string{"archive", "owner", "path"} }

func (t *treeValue) name() string {
	if t.archive != nil {
		return t.archive.Path
	}
	return t.Path
}

func (t *treeValue) Attr(name string) (starlark.Value, error) {
	switch name {
	case "path":
		return starlark.String(t.Path), nil
	case "archive":
		if t.archive == nil {
			return starlark.None, nil
		}
		return t.archive, nil
	case "owner":
		return labelValue{t.Owner}, nil
	}
	return nil, nil
}

// resolved returns the tree with its archive's action filled in.
func (t *treeValue) resolved() (Tree, error) {
	r := t.Tree
	if t.archive != nil {
		a, err := t.archive.resolved()
		if err != nil {
			return r, err
		}
		r.Archive = &a
	}
	return r, nil
}

// fileSetValue is a file set in Starlark.
type fileSetValue struct {
	tree *treeValue
	set  FileSet // without Tree

	include, exclude *starlark.List // of set, once they are asked for
}

func (f *fileSetValue) String() string { return "<files of " + f.tree.String() + ">" }
func (*fileSetValue) Type() string     { return "FileSet" }
func (*fileSetValue) Freeze()          {}
func (*fileSetValue) Truth() starlark.Bool {
	return true
}
func (f *fileSetValue) Hash() (uint32, error) { return f.tree.Hash() }
func (*fileSetValue) AttrNames() []string     { return []string{"exclude", "include", "tree"} }

func (f *fileSetValue) Attr(name string) (starlark.Value, error) {
	switch name {
	case "tree":
		return f.tree, nil
	case "include":
		return f.list(&f.include, f.set.Include), nil
	case "exclude":
		return f.list(&f.exclude, f.set.Exclude), nil
	}
	return nil, nil
}

// list makes a list of patterns once.
func (f *fileSetValue) list(made **starlark.List, patterns []string) *starlark.List {
	if *made == nil {
		*made = stringList(patterns)
	}
	return *made
}

func (f *fileSetValue) resolved() (FileSet, error) {
	r := f.set
	var err error
	r.Tree, err = f.tree.resolved()
	return r, err
}

// stringList returns a frozen list.
func stringList(s []string) *starlark.List {
	elems := make([]starlark.Value, len(s))
	for i, e := range s {
		elems[i] = starlark.String(e)
	}
	l := starlark.NewList(elems)
	l.Freeze()
	return l
}
