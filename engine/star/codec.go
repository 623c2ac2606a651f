package star

import (
	"encoding/binary"
	"unsafe"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"

	"github.com/sbomctl/sbomctl/engine/label"
)

// The canonical encoding of values: a tag byte, then the contents; lengths and counts are
// unsigned varints, strings are a length and bytes. Equal values have equal encodings:
// a dict keeps its insertion order, which Starlark can observe, a tuple is a list, and the
// fields of structs and provider instances are sorted by name.
const (
	tagNone = iota
	tagFalse
	tagTrue
	tagInt    // zigzag varint
	tagBigInt // decimal string
	tagString
	tagList   // count, values
	tagDict   // count, keys and values
	tagStruct // count, names and values
	tagLabel
	tagArtifact
	tagTree
	tagFileSet
	tagInstance // provider identity, count, names and values
)

// Encoded targets and declarations are many and never written to, so their bytes are shared
// between a []byte outside of this package and a string inside.
func textOf(b []byte) string  { return unsafe.String(unsafe.SliceData(b), len(b)) }
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// encoder appends to buf.
type encoder struct{ buf []byte }

func (e *encoder) byte(b byte)   { e.buf = append(e.buf, b) }
func (e *encoder) uint(n uint64) { e.buf = binary.AppendUvarint(e.buf, n) }
func (e *encoder) int(n int64)   { e.buf = binary.AppendVarint(e.buf, n) }
func (e *encoder) bool(b bool) {
	if b {
		e.byte(1)
	} else {
		e.byte(0)
	}
}
func (e *encoder) string(s string) {
	e.uint(uint64(len(s)))
	e.buf = append(e.buf, s...)
}
func (e *encoder) strings(s []string) {
	e.uint(uint64(len(s)))
	for _, x := range s {
		e.string(x)
	}
}
func (e *encoder) label(l label.Label) {
	e.string(l.Repo)
	e.string(l.Pkg)
	e.string(l.Name)
}

// section appends what fill appends, behind its length.
func (e *encoder) section(fill func() error) error {
	start := len(e.buf)
	if err := fill(); err != nil {
		return err
	}
	n := len(e.buf) - start
	e.uint(uint64(n)) // makes room
	size := len(e.buf) - start - n
	copy(e.buf[start+size:], e.buf[start:start+n])
	binary.PutUvarint(e.buf[start:start+size], uint64(n))
	return nil
}

func (e *encoder) artifact(a *artifactValue) error {
	r, err := a.resolved()
	if err != nil {
		return err
	}
	e.label(r.Owner)
	e.int(int64(r.Action))
	e.string(r.Output)
	e.string(r.Path)
	return nil
}

func (e *encoder) tree(t *treeValue) error {
	e.label(t.Owner)
	e.string(t.Path)
	e.string(t.StripPrefix)
	e.bool(t.AutoStrip)
	e.bool(t.archive != nil)
	if t.archive != nil {
		return e.artifact(t.archive)
	}
	return nil
}

func (e *encoder) fileSet(f *fileSetValue) error {
	if err := e.tree(f.tree); err != nil {
		return err
	}
	e.bool(f.set.Members)
	e.string(f.set.Links)
	e.bool(f.set.RequireAll)
	e.strings(f.set.Include)
	e.strings(f.set.Exclude)
	e.strings(f.set.IncludeAttr)
	e.strings(f.set.ExcludeAttr)
	return nil
}

// value appends v. It fails on a value that is not data, or is too deep or too large.
func (e *encoder) value(v starlark.Value, depth int) error {
	if depth > maxDepth {
		return faultf("a value is nested more than %d deep", maxDepth)
	}
	if len(e.buf) > maxResult {
		return faultf("the values take more than %d MiB", maxResult>>20)
	}
	switch v := v.(type) {
	case starlark.NoneType:
		e.byte(tagNone)
	case starlark.Bool:
		if v {
			e.byte(tagTrue)
		} else {
			e.byte(tagFalse)
		}
	case starlark.Int:
		if n, ok := v.Int64(); ok {
			e.byte(tagInt)
			e.int(n)
		} else {
			e.byte(tagBigInt)
			e.string(v.String())
		}
	case starlark.String:
		e.byte(tagString)
		e.string(string(v))
	case labelValue:
		e.byte(tagLabel)
		e.label(v.Label)
	case *artifactValue:
		e.byte(tagArtifact)
		return e.artifact(v)
	case *treeValue:
		e.byte(tagTree)
		return e.tree(v)
	case *fileSetValue:
		e.byte(tagFileSet)
		return e.fileSet(v)
	case *Instance:
		e.byte(tagInstance)
		e.string(v.provider)
		return e.fields(v, depth)
	case *starlarkstruct.Struct:
		e.byte(tagStruct)
		return e.fields(v, depth)
	case *starlark.Dict:
		e.byte(tagDict)
		e.uint(uint64(v.Len()))
		for k, x := range v.Entries() {
			if err := e.key(k); err != nil {
				return err
			}
			if err := e.value(x, depth+1); err != nil {
				return err
			}
		}
	case *starlark.List:
		e.byte(tagList)
		e.uint(uint64(v.Len()))
		for i := range v.Len() {
			if err := e.value(v.Index(i), depth+1); err != nil {
				return err
			}
		}
	case starlark.Tuple:
		e.byte(tagList)
		e.uint(uint64(len(v)))
		for _, x := range v {
			if err := e.value(x, depth+1); err != nil {
				return err
			}
		}
	case *targetValue:
		return faultf("a target cannot be kept in a provider or attribute; keep its label, files or providers")
	default:
		return faultf("%s cannot be kept in a provider or attribute; None, bool, int, string, list, dict, struct, label, file, tree, file set and provider can", article(v.Type()))
	}
	return nil
}

// key appends a dict's key, which must be a scalar.
func (e *encoder) key(k starlark.Value) error {
	switch k.(type) {
	case starlark.NoneType, starlark.Bool, starlark.Int, starlark.String, labelValue, *artifactValue:
		return e.value(k, 0)
	}
	return faultf("%s cannot be a dict's key in a provider or attribute", article(k.Type()))
}

func (e *encoder) fields(v hasFields, depth int) error {
	names := v.AttrNames() // sorted
	e.uint(uint64(len(names)))
	for _, n := range names {
		e.string(n)
		x, err := v.Attr(n)
		if err != nil {
			return err
		}
		if err := e.value(x, depth+1); err != nil {
			return err
		}
	}
	return nil
}
