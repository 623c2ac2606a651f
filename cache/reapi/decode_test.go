package reapi

import (
	"bytes"
	"errors"
	"math/rand"
	"reflect"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

func TestDecodeInverse(t *testing.T) {
	g := generator{rand.New(rand.NewSource(3))}
	for range 2000 {
		d, r := g.directory(), g.result()
		if got, err := UnmarshalDirectory(d.Marshal()); err != nil || !reflect.DeepEqual(got, d) {
			t.Fatalf("%+v, %v; want %+v", got, err, d)
		}
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
	file := func(name string) []byte { return appendNode(nil, 1, name, x, false) }
	directory := func(name string) []byte { return appendNode(nil, 2, name, x, false) }
	link := func(name, target string) []byte { return appendPair(nil, 3, name, target) }
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	hash := func(s string, size uint64) []byte {
		return appendElement(nil, 1, appendElement(appendElement(nil, 1, "a"), 2, appendVarint(appendBytes(nil, 1, s), 2, size)))
	}
	for name, b := range map[string][]byte{
		"truncated":          file("a")[:20],
		"key only":           {0x0a},
		"field zero":         {0x02, 0x00},
		"group":              {0x0b, 0x0c},
		"long varint":        bytes.Repeat([]byte{0xff}, 11),
		"wrong wire type":    {0x08, 0x01},
		"no digest":          appendElement(nil, 1, appendElement(nil, 1, "a")),
		"digest twice":       appendElement(nil, 1, join(appendElement(nil, 1, "a"), appendDigest(nil, 2, x), appendDigest(nil, 2, x))),
		"short hash":         hash("abcd", 1),
		"upper-case hash":    hash("E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855", 1),
		"negative size":      hash(x.Hex(), 1<<63),
		"no name":            file(""),
		"dot":                file("."),
		"dot dot":            directory(".."),
		"slash":              file("a/b"),
		"NUL":                file("a\x00"),
		"not UTF-8":          file("\xff"),
		"unsorted files":     join(file("b"), file("a")),
		"repeated file":      join(file("a"), file("a")),
		"unsorted dirs":      join(directory("b"), directory("a")),
		"file and directory": join(file("a"), file("b"), directory("b")),
		"file and symlink":   join(file("a"), file("b"), link("b", "x")),
		"dir and symlink":    join(directory("b"), link("b", "x")),
		"no target":          link("l", ""),
	} {
		if d, err := UnmarshalDirectory(b); !errors.Is(err, ErrMalformed) {
			t.Errorf("directory, %s: %+v, %v", name, d, err)
		}
	}
	output := func(path string) []byte { return appendNode(nil, 2, path, x, false) }
	for name, b := range map[string][]byte{
		"truncated":    output("a")[:20],
		"absolute":     output("/a"),
		"escaping":     output("a/../../b"),
		"no path":      output(""),
		"not UTF-8":    output("\xff"),
		"bad digest":   appendElement(nil, 6, []byte{0x10, 0x01}),
		"stdout wire":  {0x28, 0x01},
		"exit code":    {0x22, 0x00},
		"stderr wire":  {0x38, 0x01},
		"digest wire":  {0x30, 0x01},
		"outputs wire": {0x10, 0x01},
	} {
		if r, err := UnmarshalActionResult(b); !errors.Is(err, ErrMalformed) {
			t.Errorf("result, %s: %+v, %v", name, r, err)
		}
	}
	if _, err := UnmarshalDirectory(make([]byte, MaxMessage+1)); !errors.Is(err, ErrMalformed) {
		t.Errorf("too long: %v", err)
	}
}

// What is accepted must be what google's decoder reads: encoded again, the same message.
func FuzzUnmarshalDirectory(f *testing.F) {
	g := generator{rand.New(rand.NewSource(4))}
	for range 20 {
		f.Add(g.directory().Marshal())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := UnmarshalDirectory(b)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Fatal(err)
			}
			return
		}
		m := newMessage("Directory")
		if err := proto.Unmarshal(b, m.Message); err != nil {
			t.Fatalf("accepted, but protobuf says %v", err)
		}
		discardUnknown(m.ProtoReflect())
		if want := m.marshal(t); !bytes.Equal(d.Marshal(), want) {
			t.Fatalf("read %x\n got %x\nwant %x", b, d.Marshal(), want)
		}
	})
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

// discardUnknown removes unknown fields at every depth.
func discardUnknown(m protoreflect.Message) {
	m.SetUnknown(nil)
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.Message() == nil:
		case f.IsList():
			for i := range v.List().Len() {
				discardUnknown(v.List().Get(i).Message())
			}
		default:
			discardUnknown(v.Message())
		}
		return true
	})
}
