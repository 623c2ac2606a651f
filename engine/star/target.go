package star

import (
	"errors"
	"fmt"
	"sort"
	"strings"
	"sync"

	"go.starlark.net/starlark"

	"github.com/sbomctl/sbomctl/engine/label"
)

// Target is an analysed target: what its rule's implementation returned. It is a view of
// canonical bytes, checked once and decoded piece by piece when asked; it is immutable and
// may be used concurrently.
type Target struct {
	Label      label.Label
	RuleName   string        // for messages: "base_sbom", or "source file"
	Visibility []string      // canonical specifications; none is public
	Deps       []label.Label // direct, sorted, each once
	Warnings   []string      // what print() was told, each "file:line:col: text"

	raw       string
	providers []providerSection // sorted by identity
	files     string            // sections
	actions   string

	filesOnce, actionsOnce sync.Once
	decodedFiles           []*artifactValue
	decodedActions         []Action
}

type providerSection struct{ id, fields string }

// OpWrite is the operation of ctx.actions.write: its parameter "content", a string, becomes the
// contents of its one output, "out".
const OpWrite = "engine.write"

// Action is one call of an operation.
type Action struct {
	Operation  string
	Mnemonic   string   // for progress and profiles: "Sbom"
	Params     []byte   // a JSON object: keys sorted, no white space
	Inputs     []Input  // sorted by name
	Outputs    []Output // sorted by name
	Validation bool     // runs beside the build; its outputs are nobody's input
	Group      string   // of a validation that runs only when its group is asked for; "" runs always
}

// Input is a named input of an action.
type Input struct {
	Name string
	Refs []Ref // in declared order
}

// Ref is one thing that an input consists of. Exactly one field is set.
type Ref struct {
	Artifact *Artifact
	FileSet  *FileSet
	Tree     *Tree // as a whole: the archive's bytes, or every file of the directory
}

// Output is a file that an action writes.
type Output struct {
	Name string // as the operation knows it
	Path string // relative to the output root, which has the workspace's packages: "release/x.spdx.json"
}

// analysed is a target that is being made.
type analysed struct {
	label      label.Label
	rule       string
	visibility []string
	deps       []label.Label
	warnings   []string
	providers  []*Instance // without DefaultInfo
	files      []*artifactValue
	actions    []*actionInProgress
}

const targetVersion = 3

// encoders are buffers for targets, which are many and small.
var encoders = sync.Pool{New: func() any { return &encoder{buf: make([]byte, 0, 4096)} }}

func encodeTarget(t *analysed) (*Target, error) {
	e := encoders.Get().(*encoder)
	defer encoders.Put(e)
	e.buf = e.buf[:0]
	e.byte(targetVersion)
	e.label(t.label)
	e.string(t.rule)
	e.strings(t.visibility)
	e.uint(uint64(len(t.deps)))
	for _, l := range t.deps {
		e.label(l)
	}
	e.strings(t.warnings)
	sort.Slice(t.providers, func(i, j int) bool { return t.providers[i].provider < t.providers[j].provider })
	e.uint(uint64(len(t.providers)))
	for _, in := range t.providers {
		e.string(in.provider)
		if err := e.section(func() error { return e.fields(in, 0) }); err != nil {
			return nil, prefix("provider "+in.Type()+": ", err)
		}
	}
	err := e.section(func() error {
		e.uint(uint64(len(t.files)))
		for _, f := range t.files {
			if err := e.artifact(f); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = e.section(func() error {
		e.uint(uint64(len(t.actions)))
		for _, a := range t.actions {
			if err := e.action(a); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(e.buf) > maxResult {
		return nil, faultf("what the rule returned takes more than %d MiB", maxResult>>20)
	}
	return viewTarget(string(e.buf))
}

const (
	refArtifact = iota
	refFileSet
	refTree
)

func (e *encoder) action(a *actionInProgress) error {
	e.string(a.operation)
	e.string(a.mnemonic)
	e.string(a.params)
	e.bool(a.validation)
	e.string(a.group)
	e.uint(uint64(len(a.inputs)))
	for _, in := range a.inputs {
		e.string(in.name)
		e.uint(uint64(len(in.refs)))
		for _, r := range in.refs {
			var err error
			switch r := r.(type) {
			case *artifactValue:
				e.byte(refArtifact)
				err = e.artifact(r)
			case *fileSetValue:
				e.byte(refFileSet)
				err = e.fileSet(r)
			case *treeValue:
				e.byte(refTree)
				err = e.tree(r)
			}
			if err != nil {
				return err
			}
		}
	}
	e.uint(uint64(len(a.outputs)))
	for _, o := range a.outputs {
		e.string(o.Name)
		e.string(o.Path)
	}
	return nil
}

// Encode returns the canonical bytes; equal targets have equal bytes. They must not be changed.
func (t *Target) Encode() []byte { return bytesOf(t.raw) }

// DecodeTarget is the inverse of Encode; it keeps b, which must not be changed. Damaged or foreign bytes are an error; what it accepts
// can be decoded wholly.
func DecodeTarget(b []byte) (*Target, error) { return decodeTarget(textOf(b)) }

func decodeTarget(raw string) (*Target, error) {
	t, err := viewTarget(raw)
	if err != nil {
		return nil, err
	}
	for _, p := range t.providers {
		d := decoder{s: p.fields, skip: true}
		d.fields(0)
		if err := d.end("target"); err != nil {
			return nil, err
		}
	}
	files, actions := decoder{s: t.files, skip: true}, decoder{s: t.actions, skip: true}
	files.artifacts()
	actions.actions()
	if err := errors.Join(files.end("target"), actions.end("target")); err != nil {
		return nil, err
	}
	return t, nil
}

// viewTarget reads all but the sections.
func viewTarget(raw string) (*Target, error) {
	d := decoder{s: raw}
	if d.byte() != targetVersion {
		d.fail()
	}
	t := &Target{raw: raw, Label: d.label(), RuleName: d.string(), Visibility: d.strings()}
	if n := d.count(3); n > 0 {
		t.Deps = make([]label.Label, n)
		for i := range t.Deps {
			t.Deps[i] = d.label()
		}
	}
	t.Warnings = d.strings()
	if n := d.count(2); n > 0 {
		t.providers = make([]providerSection, n)
		for i := range t.providers {
			t.providers[i] = providerSection{d.string(), d.string()}
			if i > 0 && t.providers[i].id <= t.providers[i-1].id {
				d.fail()
			}
		}
	}
	t.files, t.actions = d.string(), d.string()
	if err := d.end("target"); err != nil {
		return nil, err
	}
	return t, nil
}

func (d *decoder) artifacts() []*artifactValue {
	n := d.count(6)
	var out []*artifactValue
	for range n {
		if a := d.artifact(); a != nil {
			out = append(out, a)
		}
	}
	return out
}

func (d *decoder) actions() []Action {
	var out []Action
	d.eachAction(func(_ int, a Action) {
		if !d.skip {
			out = append(out, a)
		}
	})
	if d.err != nil {
		return nil
	}
	return out
}

// eachAction calls f for each action; in a decoder that skips, of those only Validation and Group are set.
func (d *decoder) eachAction(f func(i int, a Action)) {
	for i := range d.count(7) {
		a := Action{Operation: d.string(), Mnemonic: d.string()}
		params := d.string()
		a.Validation = d.bool()
		a.Group = d.string()
		for range d.count(2) {
			in := Input{Name: d.string()}
			for range d.count(4) {
				if r := d.ref(); !d.skip {
					in.Refs = append(in.Refs, r)
				}
			}
			if !d.skip {
				a.Inputs = append(a.Inputs, in)
			}
		}
		for range d.count(2) {
			if o := (Output{d.string(), d.string()}); !d.skip {
				a.Outputs = append(a.Outputs, o)
			}
		}
		if d.err != nil {
			return
		}
		if !d.skip {
			a.Params = []byte(params)
		}
		f(i, a)
	}
}

func (d *decoder) ref() Ref {
	switch d.byte() {
	case refArtifact:
		if a := d.artifact(); a != nil {
			return Ref{Artifact: &a.Artifact}
		}
	case refFileSet:
		if f := d.fileSet(); f != nil {
			set, _ := f.resolved() // decoded values are resolved
			return Ref{FileSet: &set}
		}
	case refTree:
		if t := d.tree(); t != nil {
			tree, _ := t.resolved()
			return Ref{Tree: &tree}
		}
	default:
		d.fail()
	}
	return Ref{}
}

// outputs decodes the files once.
func (t *Target) outputs() []*artifactValue {
	t.filesOnce.Do(func() { t.decodedFiles = (&decoder{s: t.files}).artifacts() })
	return t.decodedFiles
}

// Files returns the target's outputs, DefaultInfo.files, in declared order.
func (t *Target) Files() []Artifact {
	files := t.outputs()
	out := make([]Artifact, len(files))
	for i, f := range files {
		out[i] = f.Artifact
	}
	return out
}

// Actions returns the target's actions, in the order in which they were declared; an Artifact's
// Action is an index in it. The slice is shared.
func (t *Target) Actions() []Action {
	t.actionsOnce.Do(func() { t.decodedActions = (&decoder{s: t.actions}).actions() })
	return t.decodedActions
}

// Validation is an action of a target that is a validation.
type Validation struct {
	Index int    // in Actions
	Group string // as in Action
}

// Validations returns the actions that are validations. Unlike Actions it leaves them encoded.
func (t *Target) Validations() []Validation {
	var out []Validation
	d := decoder{s: t.actions, skip: true}
	d.eachAction(func(i int, a Action) {
		if a.Validation {
			out = append(out, Validation{i, a.Group})
		}
	})
	return out
}

// Providers returns the identities of what the target provides, sorted, without DefaultInfo.
func (t *Target) Providers() []string {
	out := make([]string, len(t.providers))
	for i, p := range t.providers {
		out[i] = p.id
	}
	return out
}

// Provider returns what the target provides under that identity; nil when it does not.
func (t *Target) Provider(id string) *Instance {
	i := sort.Search(len(t.providers), func(i int) bool { return t.providers[i].id >= id })
	if i == len(t.providers) || t.providers[i].id != id {
		return nil
	}
	in := &Instance{provider: id}
	in.names, in.values = (&decoder{s: t.providers[i].fields}).fields(0)
	return in
}

func (t *Target) has(p *Provider) bool {
	if p == defaultInfo {
		return true
	}
	i := sort.Search(len(t.providers), func(i int) bool { return t.providers[i].id >= p.id })
	return i < len(t.providers) && t.providers[i].id == p.id
}

// targetValue is an analysed target in Starlark: target[Provider], Provider in target, target.label,
// target.files, target.providers.
type targetValue struct {
	t *Target

	// What was asked for, made once.
	fileList  *starlark.List
	instances map[string]*Instance // by provider
	all       *starlark.List
}

func (v *targetValue) String() string        { return "<target " + v.t.Label.String() + ">" }
func (*targetValue) Type() string            { return "Target" }
func (*targetValue) Freeze()                 {}
func (*targetValue) Truth() starlark.Bool    { return true }
func (v *targetValue) Hash() (uint32, error) { return starlark.String(v.t.Label.String()).Hash() }
func (*targetValue) AttrNames() []string     { return []string{"files", "label", "providers"} }

func (v *targetValue) Attr(name string) (starlark.Value, error) {
	switch name {
	case "label":
		return labelValue{v.t.Label}, nil
	case "files":
		return v.files(), nil
	case "providers":
		return v.providers(), nil
	}
	return nil, nil
}

func (v *targetValue) files() *starlark.List {
	if v.fileList == nil {
		files := v.t.outputs()
		elems := make([]starlark.Value, len(files))
		for i, f := range files {
			elems[i] = f
		}
		v.fileList = starlark.NewList(elems)
		v.fileList.Freeze()
	}
	return v.fileList
}

// instance returns what the target provides under that identity; nil when it does not.
func (v *targetValue) instance(id string) *Instance {
	in, ok := v.instances[id]
	if ok {
		return in
	}
	if id == defaultInfo.id {
		in = &Instance{provider: id, names: []string{"files"}, values: []starlark.Value{v.files()}}
	} else {
		in = v.t.Provider(id)
	}
	if v.instances == nil {
		v.instances = map[string]*Instance{}
	}
	v.instances[id] = in
	return in
}

// providers is everything that the target provides, DefaultInfo first: what a rule returns that
// gives a target another name.
func (v *targetValue) providers() *starlark.List {
	if v.all == nil {
		elems := []starlark.Value{v.instance(defaultInfo.id)}
		for _, id := range v.t.Providers() {
			elems = append(elems, v.instance(id))
		}
		v.all = starlark.NewList(elems)
		v.all.Freeze()
	}
	return v.all
}

// Get is target[Provider].
func (v *targetValue) Get(k starlark.Value) (starlark.Value, bool, error) {
	p, ok := k.(*Provider)
	if !ok {
		return nil, false, faultf("a target is indexed by a provider, not by %s", article(k.Type()))
	}
	if in := v.instance(p.id); in != nil {
		return in, true, nil
	}
	return nil, false, faultf("%s does not provide %s%s", v.t.describe(), p.Name(), v.t.provided())
}

// Has is Provider in target.
func (v *targetValue) Has(k starlark.Value) (bool, error) {
	p, ok := k.(*Provider)
	if !ok {
		return false, faultf("a target holds providers, not %s", article(k.Type()))
	}
	return v.t.has(p), nil
}

// IsFile reports whether t stands for a source file.
func (t *Target) IsFile() bool { return t.RuleName == sourceFileRule }

// describe returns `//a:b, a base_sbom,`-like text for messages.
func (t *Target) describe() string { return fmt.Sprintf("%s (%s)", t.Label, article(t.RuleName)) }

func (t *Target) provided() string {
	if len(t.providers) == 0 {
		return "; it provides nothing but files"
	}
	names := make([]string, len(t.providers))
	for i, p := range t.providers {
		names[i] = shortName(p.id)
	}
	return "; it provides " + strings.Join(names, ", ")
}
