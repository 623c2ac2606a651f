package star

import (
	"strings"

	"go.starlark.net/starlark"
)

// AttrText returns an attribute of the declaration as the text that a query compares: a string as it is, a label in its
// canonical form, a list as [a, b], and anything else as a Starlark expression. What is not given has the default of
// the rule. ok is false when the rule has no such attribute.
func (d *Declaration) AttrText(rule *Rule, name string) (text string, ok bool) {
	if name == attrName {
		return d.Label.Name, true
	}
	a := rule.index[name]
	if a == nil || a.typ == typeWaivers { // which no declaration has
		return "", false
	}
	v := d.attr(name)
	if v == nil {
		v = a.fallback
	}
	if v == nil {
		v = zeroOf(a.typ)
	}
	return plainText(v), true
}

func plainText(v starlark.Value) string {
	switch v := v.(type) {
	case starlark.String:
		return string(v)
	case labelValue:
		return v.Label.String()
	case *starlark.List:
		elems := make([]string, v.Len())
		for i := range elems {
			elems[i] = plainText(v.Index(i))
		}
		return "[" + strings.Join(elems, ", ") + "]"
	case starlark.NoneType:
		return ""
	}
	return expression(v)
}

// AttrsJSON returns the given attributes as a canonical JSON object; labels are strings in their canonical form.
func (d *Declaration) AttrsJSON() []byte {
	names, values := d.values()
	members := make([]member, len(names))
	for i, n := range names {
		members[i] = member{n, values[i]}
	}
	var b strings.Builder
	if err := writeJSONObject(&b, members, 0); err != nil {
		return []byte("{}") // a declaration is bounded, and holds nothing that JSON has not: see attribute.convert
	}
	return []byte(b.String())
}
