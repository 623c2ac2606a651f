package star

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"go.starlark.net/starlark"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// Provider is a kind of information that a target hands to the targets that depend on it. Calling
// it in Starlark makes an Instance.
type Provider struct {
	id     string // "module%name"; "" until the module that defines it has run
	name   string
	doc    string
	fields []string          // sorted; nil when any are allowed
	docs   map[string]string // of fields
}

// ID returns the provider's identity, "module-label%name", or "DefaultInfo".
func (p *Provider) ID() string { return p.id }

// DefaultInfo is the provider that every target has: files are its outputs.
var defaultInfo = &Provider{
	id: "DefaultInfo", name: "DefaultInfo", fields: []string{"files"},
	doc:  "What every target provides.",
	docs: map[string]string{"files": "The files that are built when the target is named on the command line."},
}

func (p *Provider) String() string        { return "<provider " + p.Name() + ">" }
func (*Provider) Type() string            { return "Provider" }
func (*Provider) Freeze()                 {}
func (*Provider) Truth() starlark.Bool    { return true }
func (p *Provider) Hash() (uint32, error) { return starlark.String(p.id).Hash() }

// Name returns the global's name that the provider is assigned to.
func (p *Provider) Name() string {
	if p.name == "" {
		return "(unnamed)"
	}
	return p.name
}

// CallInternal makes an Instance; it is what Provider(field = value) calls.
func (p *Provider) CallInternal(_ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(args) > 0 {
		return nil, faultf("%s: fields must be named", p.Name())
	}
	if p.id == "" {
		return nil, unexported("provider")
	}
	in := &Instance{provider: p.id, names: make([]string, 0, len(kwargs)), values: make([]starlark.Value, 0, len(kwargs))}
	kwargs = slices.Clone(kwargs)
	slices.SortFunc(kwargs, func(a, b starlark.Tuple) int {
		return strings.Compare(string(a[0].(starlark.String)), string(b[0].(starlark.String)))
	})
	for _, kv := range kwargs {
		name := string(kv[0].(starlark.String))
		if i := sort.SearchStrings(p.fields, name); p.fields != nil && (i == len(p.fields) || p.fields[i] != name) {
			return nil, faultf("provider %s has no field %q%s", p.Name(), name, diag.DidYouMean(name, p.fields))
		}
		in.names = append(in.names, name)
		in.values = append(in.values, kv[1])
	}
	return in, nil
}

func unexported(what string) error {
	return &fault{msg: "a " + what + " must be assigned to a global variable of a .star file before it is used",
		hints: []string{fmt.Sprintf("write NAME = %s(...) at top level", what)}}
}

// makeProvider is the builtin provider(doc = "", fields = None).
func makeProvider(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	p := &Provider{}
	var fields starlark.Value
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "doc?", &p.doc, "fields?", &fields); err != nil {
		return nil, err
	}
	switch f := fields.(type) {
	case nil, starlark.NoneType:
	case *starlark.Dict:
		p.fields, p.docs = []string{}, map[string]string{}
		for k, v := range f.Entries() {
			name, ok1 := starlark.AsString(k)
			doc, ok2 := starlark.AsString(v)
			if !ok1 || !ok2 {
				return nil, faultf("provider: fields must be a list of names, or a dict from names to docs")
			}
			p.fields = append(p.fields, name)
			p.docs[name] = doc
		}
	case starlark.Sequence:
		p.fields = []string{}
		for v := range starlark.Elements(f) {
			name, ok := starlark.AsString(v)
			if !ok {
				return nil, faultf("provider: fields must be a list of names, or a dict from names to docs")
			}
			p.fields = append(p.fields, name)
		}
	default:
		return nil, faultf("provider: fields must be a list of names, or a dict from names to docs, not %s", article(fields.Type()))
	}
	sort.Strings(p.fields)
	return p, nil
}

// Instance is what a provider call made: named values, immutable once its target is analysed.
type Instance struct {
	provider string
	names    []string // sorted
	values   []starlark.Value
}

// Provider returns the identity of the provider that made it.
func (in *Instance) Provider() string { return in.provider }

// String returns `Name(field = value, ...)`.
func (in *Instance) String() string {
	var b strings.Builder
	b.WriteString(shortName(in.provider) + "(")
	for i, n := range in.names {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(n + " = " + in.values[i].String())
	}
	return b.String() + ")"
}

// Type returns the provider's name.
func (in *Instance) Type() string { return shortName(in.provider) }

// Freeze makes the values immutable.
func (in *Instance) Freeze() {
	for _, v := range in.values {
		v.Freeze()
	}
}

// Truth is always true.
func (*Instance) Truth() starlark.Bool { return true }

// Hash fails: an instance cannot be a key.
func (in *Instance) Hash() (uint32, error) { return 0, faultf("unhashable type: %s", in.Type()) }

// AttrNames returns the fields, sorted.
func (in *Instance) AttrNames() []string { return in.names }

// Attr returns a field.
func (in *Instance) Attr(name string) (starlark.Value, error) {
	if i := sort.SearchStrings(in.names, name); i < len(in.names) && in.names[i] == name {
		return in.values[i], nil
	}
	return nil, nil
}

// shortName returns the global's name of an identity.
func shortName(id string) string { return id[strings.LastIndexByte(id, '%')+1:] }
