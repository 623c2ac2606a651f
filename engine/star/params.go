package star

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// canonicalJSON renders a dict as the parameters of an action: keys sorted by code point, no
// white space, nothing escaped that need not be. A struct is an object, a label its string.
func canonicalJSON(v starlark.Value) (string, error) {
	var b strings.Builder
	if err := writeJSON(&b, v, 0); err != nil {
		return "", err
	}
	return b.String(), nil
}

func writeJSON(b *strings.Builder, v starlark.Value, depth int) error {
	if depth > maxDepth {
		return faultf("nested more than %d deep", maxDepth)
	}
	if b.Len() > maxResult {
		return faultf("the parameters take more than %d MiB", maxResult>>20)
	}
	switch v := v.(type) {
	case starlark.NoneType:
		b.WriteString("null")
	case starlark.Bool:
		if v {
			b.WriteString("true")
		} else {
			b.WriteString("false")
		}
	case starlark.Int:
		b.WriteString(v.String())
	case starlark.String:
		return writeJSONString(b, string(v))
	case labelValue:
		return writeJSONString(b, v.String())
	case *starlark.Dict:
		members := make([]member, 0, v.Len())
		for k, e := range v.Entries() {
			name, ok := starlark.AsString(k)
			if !ok {
				return faultf("a key is %s; parameters have strings as keys", article(k.Type()))
			}
			members = append(members, member{name, e})
		}
		slices.SortFunc(members, func(a, b member) int { return strings.Compare(a.name, b.name) })
		return writeJSONObject(b, members, depth)
	case *starlark.List:
		return writeJSONArray(b, v, depth)
	case starlark.Tuple:
		return writeJSONArray(b, v, depth)
	case *artifactValue, *treeValue, *fileSetValue:
		return faultf("%s is an input, not a parameter; name it in inputs", article(v.Type()))
	case *targetValue:
		return faultf("a target is no parameter; pass its label, or its files as inputs")
	case *Instance, *starlarkstruct.Struct:
		h := v.(hasFields)
		names := h.AttrNames() // sorted
		members := make([]member, len(names))
		for i, name := range names {
			e, err := h.Attr(name)
			if err != nil {
				return err
			}
			members[i] = member{name, e}
		}
		return writeJSONObject(b, members, depth)
	default:
		return faultf("%s is no parameter; None, bool, int, string, list, dict, struct and label are", article(v.Type()))
	}
	return nil
}

func writeJSONArray(b *strings.Builder, v starlark.Indexable, depth int) error {
	b.WriteByte('[')
	for i := range v.Len() {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := writeJSON(b, v.Index(i), depth+1); err != nil {
			return err
		}
	}
	b.WriteByte(']')
	return nil
}

// member is a member of an object.
type member struct {
	name  string
	value starlark.Value
}

func writeJSONObject(b *strings.Builder, members []member, depth int) error {
	b.WriteByte('{')
	for i, m := range members {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := writeJSONString(b, m.name); err != nil {
			return err
		}
		b.WriteByte(':')
		if err := writeJSON(b, m.value, depth+1); err != nil {
			return prefix(m.name+": ", err)
		}
	}
	b.WriteByte('}')
	return nil
}

func writeJSONString(b *strings.Builder, s string) error {
	if !utf8.ValidString(s) {
		return faultf("a string is not valid UTF-8")
	}
	plain := true
	for i := 0; i < len(s) && plain; i++ {
		plain = s[i] >= ' ' && s[i] != '"' && s[i] != '\\'
	}
	if plain {
		b.WriteByte('"')
		b.WriteString(s)
		b.WriteByte('"')
		return nil
	}
	enc := json.NewEncoder(chomp{b})
	enc.SetEscapeHTML(false)
	return enc.Encode(s)
}

// chomp drops the newline that a json.Encoder ends with.
type chomp struct{ b *strings.Builder }

func (c chomp) Write(p []byte) (int, error) {
	c.b.WriteString(strings.TrimSuffix(string(p), "\n"))
	return len(p), nil
}
