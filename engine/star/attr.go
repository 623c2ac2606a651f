package star

import (
	"fmt"
	"regexp"
	"strings"
	"sync"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/label"
)

// The types of attributes, as attr.<type>(...) names them.
const (
	typeString              = "string"
	typeInt                 = "int"
	typeBool                = "bool"
	typeStringList          = "string_list"
	typeIntList             = "int_list"
	typeStringDict          = "string_dict"
	typeIntDict             = "int_dict" // string -> int
	typeLabel               = "label"
	typeLabelList           = "label_list"
	typeLabelDict           = "label_dict"              // string -> label
	typeLabelKeyedStringMap = "label_keyed_string_dict" // label -> string
	typeStructList          = "struct_list"             // what an ordinary function returns with struct()
	typeAny                 = "any"                     // any data
	typeWaivers             = "waivers"                 // what waive returns; only every rule's own attribute has it
)

var attrTypes = []string{typeString, typeInt, typeBool, typeStringList, typeIntList, typeStringDict, typeIntDict, typeLabel,
	typeLabelList, typeLabelDict, typeLabelKeyedStringMap, typeStructList, typeAny}

// attribute is one attribute of a rule.
type attribute struct {
	name       string
	index      int // among the rule's attributes
	typ        string
	doc        string
	mandatory  bool
	fallback   starlark.Value   // the default, converted and frozen
	values     []starlark.Value // allowed strings or integers; nil allows all
	providers  [][]*Provider    // alternatives, each a list of required providers
	allowFiles bool             // a label may name a source file
}

func (a *attribute) labels() bool {
	switch a.typ {
	case typeLabel, typeLabelList, typeLabelDict, typeLabelKeyedStringMap:
		return true
	}
	return false
}

// attrValue is what attr.<type>(...) returns; rule() names it.
type attrValue struct{ attribute }

func (a *attrValue) String() string      { return "<attr." + a.typ + ">" }
func (*attrValue) Type() string          { return "Attribute" }
func (*attrValue) Freeze()               {}
func (*attrValue) Truth() starlark.Bool  { return true }
func (*attrValue) Hash() (uint32, error) { return 0, faultf("unhashable type: Attribute") }

// attrModule is the builtin "attr".
var attrModule = func() *starlarkstruct.Module {
	m := &starlarkstruct.Module{Name: "attr", Members: starlark.StringDict{}}
	for _, typ := range attrTypes {
		m.Members[typ] = starlark.NewBuiltin("attr."+typ, func(t *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			return makeAttr(t, b.Name(), typ, args, kwargs)
		})
	}
	return m
}()

func makeAttr(t *starlark.Thread, fn, typ string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	a := &attrValue{attribute{typ: typ}}
	s := &a.attribute
	var fallback starlark.Value
	params := []any{"doc?", &s.doc, "mandatory?", &s.mandatory, "default?", &fallback}
	var values, providers starlark.Sequence
	switch typ {
	case typeString, typeInt, typeStringList, typeIntList:
		params = append(params, "values?", &values)
	}
	if s.labels() {
		params = append(params, "providers?", &providers, "allow_files?", &s.allowFiles)
	}
	if len(args) > 0 {
		return nil, faultf("%s: arguments must be named", fn)
	}
	if err := starlark.UnpackArgs(fn, nil, kwargs, params...); err != nil {
		return nil, err
	}
	if values != nil {
		want := typeString
		if typ == typeInt || typ == typeIntList {
			want = typeInt
		}
		for v := range starlark.Elements(values) {
			if v.Type() != want {
				return nil, faultf("%s: values must be a list of %ss, not of %s", fn, want, v.Type())
			}
			s.values = append(s.values, v)
		}
	}
	if providers != nil {
		var err error
		if s.providers, err = requiredProviders(fn, providers); err != nil {
			return nil, err
		}
	}
	if fallback != nil && fallback != starlark.None {
		if s.mandatory {
			return nil, faultf("%s: a mandatory attribute has no default", fn)
		}
		repo, pkg := "", ""
		if m, ok := t.Local(localModule).(label.Label); ok {
			repo, pkg = m.Repo, m.Pkg
		}
		v, err := s.convert(fallback, repo, pkg)
		if err != nil {
			return nil, faultf("%s: default: %s", fn, message(err))
		}
		s.fallback = v
	}
	if s.fallback == nil {
		s.fallback = zeroOf(typ)
	}
	// A private frozen copy: the caller may go on changing the list that it passed.
	var e encoder
	if err := e.value(s.fallback, 0); err != nil {
		return nil, faultf("%s: default: %s", fn, message(err))
	}
	s.fallback = (&decoder{s: string(e.buf)}).value(0)
	return a, nil
}

func zeroOf(typ string) starlark.Value {
	switch typ {
	case typeString:
		return starlark.String("")
	case typeInt:
		return starlark.MakeInt(0)
	case typeBool:
		return starlark.False
	case typeStringList, typeIntList, typeLabelList, typeStructList, typeWaivers:
		return starlark.NewList(nil)
	case typeStringDict, typeIntDict, typeLabelDict, typeLabelKeyedStringMap:
		return new(starlark.Dict)
	}
	return starlark.None
}

// requiredProviders reads [A, B] (both are required) or [[A, B], [C]] (A and B, or C).
func requiredProviders(fn string, seq starlark.Sequence) ([][]*Provider, error) {
	var all []*Provider
	var alternatives [][]*Provider
	for v := range starlark.Elements(seq) {
		switch v := v.(type) {
		case *Provider:
			all = append(all, v)
		case starlark.Sequence:
			alt, err := requiredProviders(fn, v)
			if err != nil || len(alt) != 1 {
				return nil, faultf("%s: providers must be a list of providers, or a list of such lists", fn)
			}
			alternatives = append(alternatives, alt[0])
		default:
			return nil, faultf("%s: providers must be a list of providers, not of %s", fn, v.Type())
		}
	}
	if all != nil && alternatives != nil {
		return nil, faultf("%s: providers mixes providers and lists of providers", fn)
	}
	if all != nil {
		alternatives = [][]*Provider{all}
	}
	return alternatives, nil
}

// message returns an error's text without position or hints.
func message(err error) string {
	if d, ok := err.(*diag.Error); ok {
		return d.Msg
	}
	return err.Error()
}

// mismatch says what an attribute of the type wants.
func (a *attribute) mismatch(v starlark.Value) error {
	want := map[string]string{
		typeString: "a string", typeInt: "an int", typeBool: "True or False",
		typeStringList: "a list of strings", typeIntList: "a list of ints", typeStringDict: "a dict of strings", typeIntDict: "a dict from strings to ints",
		typeLabel: `a label ("//package:name")`, typeLabelList: "a list of labels",
		typeLabelDict: "a dict from strings to labels", typeLabelKeyedStringMap: "a dict from labels to strings",
		typeStructList: "a list of structs",
	}[a.typ]
	got := article(v.Type())
	f := faultf("expected %s, got %s", want, got)
	if s, ok := v.(starlark.String); ok {
		f.msg = fmt.Sprintf("expected %s, got the string %s", want, shorten(s.String()))
		if a.typ == typeStringList || a.typ == typeLabelList {
			f.hints = []string{"write [" + shorten(s.String()) + "]"}
		}
	}
	return f
}

func shorten(s string) string {
	if len(s) > 60 {
		return s[:57] + "..."
	}
	return s
}

// convert checks v and turns the strings of label attributes into labels, read in package pkg.
func (a *attribute) convert(v starlark.Value, repo, pkg string) (starlark.Value, error) {
	switch a.typ {
	case typeString, typeInt:
		return a.scalar(a.typ, v)
	case typeBool:
		if _, ok := v.(starlark.Bool); ok {
			return v, nil
		}
	case typeLabel:
		return a.label(v, repo, pkg)
	case typeStringList:
		return a.list(v, func(e starlark.Value) (starlark.Value, error) { return a.scalar(typeString, e) })
	case typeIntList:
		return a.list(v, func(e starlark.Value) (starlark.Value, error) { return a.scalar(typeInt, e) })
	case typeLabelList:
		seen := map[label.Label]bool{}
		return a.list(v, func(e starlark.Value) (starlark.Value, error) {
			l, err := a.label(e, repo, pkg)
			if err != nil {
				return nil, err
			}
			if seen[l.(labelValue).Label] {
				return nil, faultf("%s is listed twice", l)
			}
			seen[l.(labelValue).Label] = true
			return l, nil
		})
	case typeStructList:
		return a.list(v, func(e starlark.Value) (starlark.Value, error) {
			if _, ok := e.(*starlarkstruct.Struct); !ok {
				f := faultf("expected a struct, got %s", article(e.Type()))
				if first, _, _ := strings.Cut(docLinks().ReplaceAllString(a.doc, "$1"), ". "); first != "" {
					f.hints = []string{a.name + ": " + first}
				}
				return nil, f
			}
			return e, nil
		})
	case typeStringDict:
		return a.dict(v, keepString, keepString)
	case typeIntDict:
		return a.dict(v, keepString, func(e starlark.Value) (starlark.Value, error) { return a.scalar(typeInt, e) })
	case typeLabelDict:
		return a.dict(v, keepString, func(e starlark.Value) (starlark.Value, error) { return a.label(e, repo, pkg) })
	case typeLabelKeyedStringMap:
		return a.dict(v, func(e starlark.Value) (starlark.Value, error) { return a.label(e, repo, pkg) }, keepString)
	case typeAny:
		return v, nil
	}
	return nil, a.mismatch(v)
}

// docLinks finds links in a doc, which are Markdown: [text](#place).
var docLinks = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\[([^\]]+)\]\([^)]*\)`) })

func keepString(v starlark.Value) (starlark.Value, error) {
	if _, ok := v.(starlark.String); !ok {
		return nil, faultf("expected a string, got %s", article(v.Type()))
	}
	return v, nil
}

func (a *attribute) scalar(typ string, v starlark.Value) (starlark.Value, error) {
	if v.Type() != typ {
		if a.typ == typ {
			return nil, a.mismatch(v)
		}
		return nil, faultf("expected %s, got %s", article(typ), article(v.Type()))
	}
	if a.values == nil {
		return v, nil
	}
	texts := make([]string, len(a.values))
	for i, w := range a.values {
		if eq, err := starlark.Equal(v, w); err == nil && eq {
			return v, nil
		}
		texts[i] = w.String()
		if s, ok := starlark.AsString(w); ok {
			texts[i] = s
		}
	}
	s, _ := starlark.AsString(v)
	if typ == typeInt {
		return nil, faultf("%s is not allowed; expected %s", v, quoteList(texts))
	}
	return nil, faultf("%q is not allowed; expected %s%s", shorten(s), quoteList(texts), diag.DidYouMean(s, texts))
}

func (a *attribute) label(v starlark.Value, repo, pkg string) (starlark.Value, error) {
	switch v := v.(type) {
	case starlark.String:
		l, err := label.Parse(string(v), repo, pkg)
		if err != nil {
			return nil, err
		}
		return labelValue{l}, nil
	case labelValue:
		return v, nil
	}
	if a.typ == typeLabel {
		return nil, a.mismatch(v)
	}
	return nil, faultf("expected a label, got %s", article(v.Type()))
}

func (a *attribute) list(v starlark.Value, each func(starlark.Value) (starlark.Value, error)) (starlark.Value, error) {
	var seq starlark.Indexable
	switch v := v.(type) {
	case *starlark.List:
		seq = v
	case starlark.Tuple:
		seq = v
	default:
		return nil, a.mismatch(v)
	}
	out := make([]starlark.Value, seq.Len())
	for i := range out {
		e, err := each(seq.Index(i))
		if err != nil {
			return nil, a.within(i, fmt.Sprintf("[%d]", i), err)
		}
		out[i] = e
	}
	return starlark.NewList(out), nil
}

func (a *attribute) dict(v starlark.Value, key, value func(starlark.Value) (starlark.Value, error)) (starlark.Value, error) {
	in, ok := v.(*starlark.Dict)
	if !ok {
		return nil, a.mismatch(v)
	}
	out := starlark.NewDict(in.Len())
	i := -1
	for k, e := range in.Entries() {
		i++
		kk, err := key(k)
		if err != nil {
			return nil, a.within(i, "key "+shorten(k.String()), err)
		}
		ee, err := value(e)
		if err != nil {
			return nil, a.within(i, "["+shorten(k.String())+"]", err)
		}
		if _, twice, _ := out.Get(kk); twice {
			return nil, faultf("key %s is given twice", kk)
		}
		if err := out.SetKey(kk, ee); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// within puts the place inside the attribute before the message, and blames the attribute's element i.
func (a *attribute) within(i int, where string, err error) error {
	return at(place(a.name, i), prefix(where+": ", err))
}
