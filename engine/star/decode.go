package star

import (
	"errors"
	"fmt"
	"math/big"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"

	"github.com/sbomctl/sbomctl/engine/label"
)

var errDamaged = errors.New("damaged or foreign encoding")

// decoder reads s from the front; strings it returns share s. After an error everything is zero. With
// skip set, values are checked and not made.
type decoder struct {
	s    string
	err  error
	skip bool
}

func (d *decoder) fail() {
	d.err, d.s = errDamaged, ""
}

func (d *decoder) byte() byte {
	if d.s == "" {
		d.fail()
		return 0
	}
	b := d.s[0]
	d.s = d.s[1:]
	return b
}

func (d *decoder) bool() bool {
	b := d.byte()
	if b > 1 {
		d.fail()
	}
	return b == 1
}

func (d *decoder) uint() uint64 {
	var n uint64
	for i := 0; i < len(d.s) && i < 10; i++ {
		b := d.s[i]
		if b < 0x80 {
			if i == 9 && b > 1 || i > 0 && b == 0 { // too large, or not the shortest form
				break
			}
			d.s = d.s[i+1:]
			return n | uint64(b)<<(7*i)
		}
		n |= uint64(b&0x7f) << (7 * i)
	}
	d.fail()
	return 0
}

func (d *decoder) int() int64 {
	u := d.uint()
	n := int64(u >> 1)
	if u&1 != 0 {
		n = ^n
	}
	return n
}

// count reads the number of things that follow, each of at least size bytes.
func (d *decoder) count(size int) int {
	n := d.uint()
	if n > uint64(len(d.s)/size) {
		d.fail()
		return 0
	}
	return int(n)
}

func (d *decoder) string() string {
	n := d.count(1)
	s := d.s[:n]
	d.s = d.s[n:]
	return s
}

func (d *decoder) strings() []string {
	n := d.count(1)
	if n == 0 {
		return nil
	}
	var out []string
	if !d.skip {
		out = make([]string, 0, n)
	}
	for range n {
		if s := d.string(); !d.skip {
			out = append(out, s)
		}
	}
	return out
}

func (d *decoder) label() label.Label {
	return label.Label{Repo: d.string(), Pkg: d.string(), Name: d.string()}
}

func (d *decoder) artifact() *artifactValue {
	a := Artifact{Owner: d.label(), Action: int(d.int()), Output: d.string(), Path: d.string()}
	if a.Action < -1 || a.Action > maxTargets {
		d.fail()
	}
	if d.skip {
		return nil
	}
	return &artifactValue{Artifact: a}
}

func (d *decoder) tree() *treeValue {
	t := Tree{Owner: d.label(), Path: d.string(), StripPrefix: d.string(), AutoStrip: d.bool()}
	var archive *artifactValue
	if d.bool() {
		archive = d.artifact()
	}
	if d.skip {
		return nil
	}
	return &treeValue{Tree: t, archive: archive}
}

func (d *decoder) fileSet() *fileSetValue {
	t := d.tree()
	f := FileSet{Members: d.bool(), Links: d.string(), RequireAll: d.bool(), Include: d.strings(), Exclude: d.strings(), IncludeAttr: d.strings(), ExcludeAttr: d.strings()}
	if d.skip {
		return nil
	}
	return &fileSetValue{tree: t, set: f}
}

// value reads a value; it is frozen. In a decoder that skips, and after an error, it is None.
func (d *decoder) value(depth int) starlark.Value {
	if depth > maxDepth {
		d.fail()
	}
	switch tag := d.byte(); tag {
	case tagNone:
	case tagFalse:
		return starlark.False
	case tagTrue:
		return starlark.True
	case tagInt:
		return starlark.MakeInt64(d.int())
	case tagBigInt:
		s := d.string()
		if len(s) > maxBits/3 {
			d.fail()
			break
		}
		n, ok := new(big.Int).SetString(s, 10)
		if !ok || n.IsInt64() || n.String() != s {
			d.fail()
			break
		}
		return starlark.MakeBigInt(n)
	case tagString:
		if s := d.string(); !d.skip {
			return starlark.String(s)
		}
	case tagLabel:
		if l := d.label(); !d.skip {
			return labelValue{l}
		}
	case tagArtifact:
		if a := d.artifact(); a != nil {
			return a
		}
	case tagTree:
		if t := d.tree(); t != nil {
			return t
		}
	case tagFileSet:
		if f := d.fileSet(); f != nil {
			f.set.IncludeAttr, f.set.ExcludeAttr = nil, nil // of another target, which provides it
			return f
		}
	case tagList:
		n := d.count(1)
		var elems []starlark.Value
		if !d.skip {
			elems = make([]starlark.Value, 0, n)
		}
		for range n {
			v := d.value(depth + 1)
			if !d.skip {
				elems = append(elems, v)
			}
		}
		if !d.skip {
			l := starlark.NewList(elems)
			l.Freeze()
			return l
		}
	case tagDict:
		n := d.count(2)
		var dict *starlark.Dict
		if !d.skip {
			dict = starlark.NewDict(n)
		}
		for range n {
			keyTag := byte(0)
			if d.s != "" {
				keyTag = d.s[0]
			}
			switch keyTag { // the keys that are hashable, and cannot be nested
			case tagFalse, tagTrue, tagInt, tagBigInt, tagString, tagLabel, tagNone, tagArtifact:
			default:
				d.fail()
			}
			k := d.value(depth + 1)
			v := d.value(depth + 1)
			if dict != nil && d.err == nil {
				if err := dict.SetKey(k, v); err != nil {
					d.fail()
				}
			}
		}
		if dict != nil && dict.Len() != n {
			d.fail()
		}
		if dict != nil {
			dict.Freeze()
			return dict
		}
	case tagStruct:
		if names, values := d.fields(depth); !d.skip && d.err == nil {
			sd := make(starlark.StringDict, len(names))
			for i, n := range names {
				sd[n] = values[i]
			}
			return starlarkstruct.FromStringDict(starlarkstruct.Default, sd)
		}
	case tagInstance:
		if in := d.instance(depth); in != nil {
			return in
		}
	default:
		d.fail()
	}
	return starlark.None
}

func (d *decoder) instance(depth int) *Instance {
	in := &Instance{provider: d.string()}
	in.names, in.values = d.fields(depth)
	if d.skip || d.err != nil {
		return nil
	}
	return in
}

// fields reads names and values; the names must be sorted.
func (d *decoder) fields(depth int) (names []string, values []starlark.Value) {
	n := d.count(2)
	if !d.skip {
		names, values = make([]string, 0, n), make([]starlark.Value, 0, n)
	}
	last := ""
	for i := range n {
		name := d.string()
		if i > 0 && name <= last {
			d.fail()
		}
		last = name
		v := d.value(depth + 1)
		if !d.skip {
			names, values = append(names, name), append(values, v)
		}
	}
	return names, values
}

// end reports whether everything was read without error.
func (d *decoder) end(what string) error {
	if d.err == nil && d.s != "" {
		d.err = errDamaged
	}
	if d.err != nil {
		return fmt.Errorf("%s: %w", what, d.err)
	}
	return nil
}
