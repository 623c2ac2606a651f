package reapi

import (
	"bytes"
	"errors"
	"math/rand"
	"reflect"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

func TestDecodeInverse(t *testing.T) {
	g := generator{rand.New(rand.NewSource(3))}
	for range 2000 {
		r := g.result()
		if got, err := UnmarshalActionResult(r.Marshal()); err != nil || !reflect.DeepEqual(got, r) {
			t.Fatalf("%+v, %v; want %+v", got, err, r)
		}
	}
}

func TestDecodeSkipsUnknownFields(t *testing.T) {
	r := &ActionResult{OutputFiles: []OutputFile{{Path: "a", Digest: Of(nil), Executable: true}}, Stderr: []byte("w")}
	m := protoActionResult(r)
	m.sub("output_symlinks").set("path", "l").set("target", "a")
	m.sub("output_directories").set("path", "d").digest("tree_digest", Of(nil))
	m.Mutable(m.field("execution_metadata"))
	m.SetUnknown(protowire.AppendFixed64(protowire.AppendTag(nil, 200, protowire.Fixed64Type), 7))
	m.SetUnknown(append(m.GetUnknown(), protowire.AppendFixed32(protowire.AppendTag(nil, 201, protowire.Fixed32Type), 7)...))
	got, err := UnmarshalActionResult(m.marshal(t))
	if err != nil || !reflect.DeepEqual(got, r) {
		t.Errorf("%+v, %v; want %+v", got, err, r)
	}
}

func TestDecodeMalformed(t *testing.T) {
	x := Of([]byte("x"))
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	hash := func(s string, size uint64) []byte {
		return appendElement(nil, 2, appendElement(appendElement(nil, 1, "a"), 2, appendVarint(appendBytes(nil, 1, s), 2, size)))
	}
	output := func(path string) []byte { return appendNode(nil, 2, path, x, false) }
	for name, b := range map[string][]byte{
		"key only":        {0x0a},
		"field zero":      {0x02, 0x00},
		"group":           {0x0b, 0x0c},
		"long varint":     bytes.Repeat([]byte{0xff}, 11),
		"no digest":       appendElement(nil, 2, appendElement(nil, 1, "a")),
		"digest twice":    appendElement(nil, 2, join(appendElement(nil, 1, "a"), appendDigest(nil, 2, x), appendDigest(nil, 2, x))),
		"short hash":      hash("abcd", 1),
		"upper-case hash": hash("E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855", 1),
		"negative size":   hash(x.Hex(), 1<<63),
		"dot":             output("."),
		"NUL":             output("a\x00"),
		"truncated":       output("a")[:20],
		"absolute":        output("/a"),
		"escaping":        output("a/../../b"),
		"no path":         output(""),
		"not UTF-8":       output("\xff"),
		"bad digest":      appendElement(nil, 6, []byte{0x10, 0x01}),
		"stdout wire":     {0x28, 0x01},
		"exit code":       {0x22, 0x00},
		"stderr wire":     {0x38, 0x01},
		"digest wire":     {0x30, 0x01},
		"outputs wire":    {0x10, 0x01},
	} {
		if r, err := UnmarshalActionResult(b); !errors.Is(err, ErrMalformed) {
			t.Errorf("result, %s: %+v, %v", name, r, err)
		}
	}
	if _, err := UnmarshalActionResult(make([]byte, MaxMessage+1)); !errors.Is(err, ErrMalformed) {
		t.Errorf("too long: %v", err)
	}
}

func FuzzUnmarshalActionResult(f *testing.F) {
	g := generator{rand.New(rand.NewSource(5))}
	for range 20 {
		f.Add(g.result().Marshal())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := UnmarshalActionResult(b)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Fatal(err)
			}
			return
		}
		again, err := UnmarshalActionResult(r.Marshal())
		if err != nil || !reflect.DeepEqual(again, r) {
			t.Fatalf("%+v, %v; want %+v", again, err, r)
		}
	})
}
