package star

import (
	"go.starlark.net/starlark"

	"github.com/sbomctl/sbomctl/engine/label"
)

// Text returns a string attribute as it was given; "" when it was not.
func (d *Declaration) Text(attr string) string {
	s, _ := starlark.AsString(d.attr(attr))
	return s
}

// Texts returns the elements of an attribute that is a list of strings; nil when it was not given.
func (d *Declaration) Texts(attr string) []string { return toStrings(d.attr(attr)) }

// Labels returns the labels in an attribute, in order.
func (d *Declaration) Labels(attr string) []label.Label {
	v := d.attr(attr)
	if v == nil {
		return nil
	}
	var out []label.Label
	eachLabel(v, func(_ int, l label.Label) { out = append(out, l) })
	return out
}
