package star

import (
	"go.starlark.net/starlark"
)

// textsValue is ctx.text: text.<kind>(value, attr) makes one text of another. A value of which none can be made is reported at the attribute
// as ctx.check does, and "" is returned, so that it is not reported again.
type textsValue struct{ an *analysis }

func (textsValue) String() string        { return "<ctx.text>" }
func (textsValue) Type() string          { return "ctx.text" }
func (textsValue) Freeze()               {}
func (textsValue) Truth() starlark.Bool  { return true }
func (textsValue) Hash() (uint32, error) { return 0, faultf("unhashable type: ctx.text") }

func (t textsValue) AttrNames() []string { return sortedKeys(t.an.in.Texts) }

func (t textsValue) Attr(kind string) (starlark.Value, error) {
	text := t.an.in.Texts[kind]
	if text == nil {
		return nil, nil
	}
	return starlark.NewBuiltin(kind, func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var value, attr string
		if err := starlark.UnpackArgs(b.Name(), args, kwargs, "value", &value, "attr?", &attr); err != nil {
			return nil, err
		}
		out, err := text(value)
		if err != nil {
			return starlark.String(""), t.an.note(ofAttr("", at(attr, err)))
		}
		return starlark.String(out), nil
	}), nil
}
