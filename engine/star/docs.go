package star

import (
	"sort"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"

	"go.starlark.net/starlark"
)

// RuleDoc is a rule's entry in the rule reference.
type RuleDoc struct {
	Name  string
	Doc   string
	Pos   diag.Pos // of its definition
	Attrs []AttrDoc
}

// AttrDoc is an attribute's. Implicit attributes (name, tags, visibility) are listed too.
type AttrDoc struct {
	Name      string
	Type      string // "string", "label_list", ...
	Doc       string
	Mandatory bool
	Default   string   // a Starlark expression; "" when mandatory
	Values    []string // allowed values as Starlark expressions; nil allows all
	Providers []string // what a target must provide: "A", "A and B"; one of them suffices
}

// FunctionDoc is the entry of a public function: a macro or a helper such as regex.
type FunctionDoc struct {
	Name      string
	Signature string // "regex(path, pattern, pos = None)"
	Doc       string // its docstring
}

// ProviderDoc is a provider's entry.
type ProviderDoc struct {
	Name   string
	Doc    string
	Fields []FieldDoc // sorted by name
}

// FieldDoc is a provider's field.
type FieldDoc struct{ Name, Doc string }

// Doc returns the module's docstring, "" when it has none.
func (m *Module) Doc() string { return cleanDoc(m.doc) }

// Docs returns the rules that the module defines and exports, in order of definition.
func Docs(m *Module) []RuleDoc {
	var out []RuleDoc
	for _, name := range m.names {
		r := m.Rule(name)
		if r == nil || strings.HasPrefix(name, "_") {
			continue
		}
		d := RuleDoc{Name: name, Doc: cleanDoc(r.doc), Pos: r.pos}
		for _, attr := range r.names {
			s := r.index[attr]
			a := AttrDoc{Name: s.name, Type: s.typ, Doc: cleanDoc(s.doc), Mandatory: s.mandatory}
			if !s.mandatory {
				v := s.fallback
				if v == nil {
					v = zeroOf(s.typ)
				}
				a.Default = expression(v)
			}
			for _, v := range s.values {
				a.Values = append(a.Values, v.String())
			}
			for _, alternative := range s.providers {
				names := make([]string, len(alternative))
				for i, p := range alternative {
					names[i] = p.Name()
				}
				a.Providers = append(a.Providers, strings.Join(names, " and "))
			}
			d.Attrs = append(d.Attrs, a)
		}
		sort.SliceStable(d.Attrs, func(i, j int) bool { return rank(d.Attrs[i]) < rank(d.Attrs[j]) })
		out = append(out, d)
	}
	return out
}

// rank puts name first, then the mandatory attributes, then the rest.
func rank(a AttrDoc) int {
	switch {
	case a.Name == attrName:
		return 0
	case a.Mandatory:
		return 1
	case a.Name == attrTags || a.Name == attrVisibility || a.Name == attrWaivers:
		return 3
	}
	return 2
}

// FunctionDocs returns the public functions that the module defines, in order of definition.
func FunctionDocs(m *Module) []FunctionDoc {
	var out []FunctionDoc
	for _, name := range m.names {
		f, ok := m.exported[name].(*starlark.Function)
		if !ok || f.Name() != name {
			continue
		}
		out = append(out, FunctionDoc{Name: name, Signature: signature(f), Doc: cleanDoc(f.Doc())})
	}
	return out
}

func signature(f *starlark.Function) string {
	n := f.NumParams()
	var kwargs, varargs string
	if f.HasKwargs() {
		n--
		name, _ := f.Param(n)
		kwargs = "**" + name
	}
	if f.HasVarargs() {
		n--
		name, _ := f.Param(n)
		varargs = "*" + name
	} else if f.NumKwonlyParams() > 0 {
		varargs = "*"
	}
	var params []string
	for i := range n {
		if i == n-f.NumKwonlyParams() && varargs != "" {
			params = append(params, varargs)
			varargs = ""
		}
		name, _ := f.Param(i)
		if d := f.ParamDefault(i); d != nil {
			name += " = " + d.String()
		}
		params = append(params, name)
	}
	for _, p := range []string{varargs, kwargs} {
		if p != "" {
			params = append(params, p)
		}
	}
	return f.Name() + "(" + strings.Join(params, ", ") + ")"
}

// ProviderDocs returns the providers that the module defines and exports, in order of definition.
func ProviderDocs(m *Module) []ProviderDoc {
	var out []ProviderDoc
	for _, name := range m.names {
		p, ok := m.exported[name].(*Provider)
		if !ok || p.id != m.label.String()+"%"+name {
			continue
		}
		d := ProviderDoc{Name: name, Doc: cleanDoc(p.doc)}
		for _, f := range p.fields {
			d.Fields = append(d.Fields, FieldDoc{f, cleanDoc(p.docs[f])})
		}
		out = append(out, d)
	}
	return out
}

// cleanDoc trims a docstring and takes the common indentation off its further lines.
func cleanDoc(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	indent := -1
	for _, l := range lines[1:] {
		if t := strings.TrimLeft(l, " \t"); t != "" && (indent < 0 || len(l)-len(t) < indent) {
			indent = len(l) - len(t)
		}
	}
	for i := 1; i < len(lines) && indent > 0; i++ {
		if len(lines[i]) >= indent {
			lines[i] = lines[i][indent:]
		}
	}
	return strings.Join(lines, "\n")
}
