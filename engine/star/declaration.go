package star

import (
	"fmt"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"

	"github.com/sbomctl/sbomctl/engine/label"
)

// Declaration is what a BUILD.star says of one target: its label, its rule, and the attributes that
// were given (and defaults that are labels, since they are edges of the graph). It is a view of
// canonical bytes without positions. It is immutable.
type Declaration struct {
	Label label.Label
	Rule  string // the rule's identity, "module-label%name"
	raw   string
	attrs string // the encoded attributes: count, then names and values sorted by name
}

const declarationVersion = 1

func (d *declaring) encode() (*Declaration, error) {
	e := encoders.Get().(*encoder)
	defer encoders.Put(e)
	e.buf = e.buf[:0]
	e.byte(declarationVersion)
	e.label(d.label)
	e.string(d.rule.id)
	start := len(e.buf)
	n := 0
	for _, v := range d.values {
		if v != nil {
			n++
		}
	}
	e.uint(uint64(n))
	for i, v := range d.values { // by index, and so by name
		if v == nil {
			continue
		}
		a := d.rule.attrs[i]
		e.string(a.name)
		if err := e.value(v, 0); err != nil {
			return nil, at(a.name, prefix(fmt.Sprintf("attribute %q: ", a.name), err))
		}
	}
	raw := string(e.buf)
	return &Declaration{Label: d.label, Rule: d.rule.id, raw: raw, attrs: raw[start:]}, nil
}

// Encode returns the canonical bytes; equal declarations have equal bytes. They must not be changed.
func (d *Declaration) Encode() []byte { return bytesOf(d.raw) }

// DecodeDeclaration is the inverse of Encode; it keeps b, which must not be changed. Damaged or foreign bytes are an error.
func DecodeDeclaration(b []byte) (*Declaration, error) { return decodeDeclaration(textOf(b)) }

func decodeDeclaration(raw string) (*Declaration, error) {
	dec := decoder{s: raw, skip: true}
	if dec.byte() != declarationVersion {
		dec.fail()
	}
	d := &Declaration{raw: raw, Label: dec.label(), Rule: dec.string()}
	d.attrs = dec.s
	dec.fields(0)
	return d, dec.end("declaration")
}

// Module returns the label of the .star file that defines the rule.
func (d *Declaration) Module() (label.Label, error) {
	module, _, _ := strings.Cut(d.Rule, "%")
	return label.ParseAbsolute(module)
}

// RuleName returns the name of the rule in its module.
func (d *Declaration) RuleName() string { return shortName(d.Rule) }

// values returns the attributes, sorted by name.
func (d *Declaration) values() (names []string, values []starlark.Value) {
	dec := decoder{s: d.attrs}
	return dec.fields(0)
}

// attr returns one attribute's value, nil when it was not given. The others stay encoded.
func (d *Declaration) attr(name string) starlark.Value {
	dec := decoder{s: d.attrs, skip: true}
	for range dec.count(2) {
		found := dec.string() == name
		dec.skip = !found
		if v := dec.value(0); found {
			return v
		}
	}
	return nil
}

// Tags returns the target's tags.
func (d *Declaration) Tags() []string { return toStrings(d.attr(attrTags)) }

// Visibility returns the canonical specifications of who may depend on the target; none is public.
func (d *Declaration) Visibility() []string { return toStrings(d.attr(attrVisibility)) }

func toStrings(v starlark.Value) []string {
	l, _ := v.(*starlark.List)
	if l == nil {
		return nil
	}
	out := make([]string, 0, l.Len())
	for e := range l.Elements() {
		s, _ := starlark.AsString(e)
		out = append(out, s)
	}
	return out
}

// Dep is one edge from a declaration: a label and the attribute that names it.
type Dep struct {
	Attr  string
	Index int // of the element that names the label; -1 when the attribute has none
	Label label.Label
}

// Place is the attribute, or the element of it that names the label, in the words of diag.Error.Attr.
func (d Dep) Place() string { return place(d.Attr, d.Index) }

// Deps returns the labels in the declaration's attributes, by attribute name and then in
// declared order. A label that two attributes name is listed twice.
func (d *Declaration) Deps() []Dep {
	var out []Dep
	names, values := d.values()
	for i, name := range names {
		eachLabel(values[i], func(elem int, l label.Label) { out = append(out, Dep{name, elem, l}) })
	}
	return out
}

// eachLabel calls f for the labels in the value of an attribute, in order, with the index of the element
// that each lies in, or -1.
func eachLabel(v starlark.Value, f func(elem int, l label.Label)) {
	switch v := v.(type) {
	case *starlark.List:
		for i := range v.Len() {
			labelsIn(v.Index(i), func(l label.Label) { f(i, l) })
		}
	case *starlark.Dict:
		i := 0
		for k, e := range v.Entries() {
			labelsIn(k, func(l label.Label) { f(i, l) })
			labelsIn(e, func(l label.Label) { f(i, l) })
			i++
		}
	default:
		labelsIn(v, func(l label.Label) { f(-1, l) })
	}
}

func labelsIn(v starlark.Value, f func(label.Label)) {
	switch v := v.(type) {
	case labelValue:
		f(v.Label)
	case *starlark.List:
		for e := range v.Elements() {
			labelsIn(e, f)
		}
	case *starlark.Dict:
		for k, e := range v.Entries() {
			labelsIn(k, f)
			labelsIn(e, f)
		}
	case *Instance, *starlarkstruct.Struct:
		h := v.(hasFields)
		for _, n := range h.AttrNames() {
			if e, err := h.Attr(n); err == nil {
				labelsIn(e, f)
			}
		}
	}
}

// Attr is an attribute as text.
type Attr struct {
	Name  string
	Value string // a Starlark expression
}

// Attrs returns the given attributes, sorted by name, as Starlark expressions; for queries.
func (d *Declaration) Attrs() []Attr {
	names, values := d.values()
	out := make([]Attr, len(names))
	for i, n := range names {
		out[i] = Attr{n, expression(values[i])}
	}
	return out
}

// expression renders data as Starlark source.
func expression(v starlark.Value) string {
	var b strings.Builder
	writeExpression(&b, v)
	return b.String()
}

func writeExpression(b *strings.Builder, v starlark.Value) {
	switch v := v.(type) {
	case labelValue:
		b.WriteString(starlark.String(v.Label.String()).String())
	case *starlark.List:
		b.WriteByte('[')
		for i := range v.Len() {
			if i > 0 {
				b.WriteString(", ")
			}
			writeExpression(b, v.Index(i))
		}
		b.WriteByte(']')
	case *starlark.Dict:
		b.WriteByte('{')
		first := true
		for k, e := range v.Entries() {
			if !first {
				b.WriteString(", ")
			}
			first = false
			writeExpression(b, k)
			b.WriteString(": ")
			writeExpression(b, e)
		}
		b.WriteByte('}')
	case *Instance:
		writeFields(b, v.Type(), v)
	case *starlarkstruct.Struct:
		writeFields(b, "struct", v)
	default:
		b.WriteString(v.String())
	}
}

func writeFields(b *strings.Builder, name string, v hasFields) {
	b.WriteString(name + "(")
	for i, n := range v.AttrNames() {
		if i > 0 {
			b.WriteString(", ")
		}
		e, _ := v.Attr(n)
		b.WriteString(n + " = ")
		writeExpression(b, e)
	}
	b.WriteByte(')')
}

// AttrChange is an attribute in which two declarations differ. Old or New is "" where the
// attribute is not given; both are Starlark expressions.
type AttrChange struct{ Name, Old, New string }

// DiffDeclarations compares two encoded declarations attribute by attribute, by name. A
// different rule is a change of "rule". Bytes that are no declaration yield nothing.
func DiffDeclarations(old, new []byte) []AttrChange {
	a, err1 := DecodeDeclaration(old)
	b, err2 := DecodeDeclaration(new)
	if err1 != nil || err2 != nil {
		return nil
	}
	var out []AttrChange
	if a.Rule != b.Rule {
		out = append(out, AttrChange{"rule", a.Rule, b.Rule})
	}
	olds, news := a.Attrs(), b.Attrs()
	for len(olds) > 0 || len(news) > 0 {
		switch {
		case len(news) == 0 || len(olds) > 0 && olds[0].Name < news[0].Name:
			out = append(out, AttrChange{olds[0].Name, olds[0].Value, ""})
			olds = olds[1:]
		case len(olds) == 0 || news[0].Name < olds[0].Name:
			out = append(out, AttrChange{news[0].Name, "", news[0].Value})
			news = news[1:]
		default:
			if olds[0].Value != news[0].Value {
				out = append(out, AttrChange{olds[0].Name, olds[0].Value, news[0].Value})
			}
			olds, news = olds[1:], news[1:]
		}
	}
	return out
}
