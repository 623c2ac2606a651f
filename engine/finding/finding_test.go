package finding

import (
	"bytes"
	"reflect"
	"slices"
	"testing"

	"github.com/sbomctl/sbomctl/engine/diag"
)

var sample = []Finding{
	{Rule: "evidence", Severity: Error, Label: "//:v", Pos: diag.Pos{File: "a", Line: 2, Col: 3}, Path: "b/a", Attr: "version", Msg: `is "<2>" here`,
		Hints: []string{"set it"}, Declared: "1", Found: "2", Fix: &Fix{Attr: "version", Value: "2"}},
	{Rule: "evidence", Severity: Error, Label: "//:v", Pos: diag.Pos{File: "a", Line: 1}, Msg: "one"},
	{Rule: "wheel", Severity: Warning, Msg: "no lock"},
}

// TestCanonical: the order in which things were found, and how often, reaches nothing.
func TestCanonical(t *testing.T) {
	want, err := Encode(sample)
	if err != nil {
		t.Fatal(err)
	}
	twice := append(slices.Clone(sample), sample...)
	slices.Reverse(twice)
	if got, err := Encode(twice); err != nil || !bytes.Equal(got, want) {
		t.Errorf("got %s\nwant %s (%v)", got, want, err)
	}
	text := `{"rule":"wheel","severity":"warning","msg":"no lock"}
{"rule":"evidence","severity":"error","label":"//:v","file":"a","line":1,"msg":"one"}
{"rule":"evidence","severity":"error","label":"//:v","file":"a","line":2,"col":3,"path":"b/a","attr":"version","msg":"is \"<2>\" here","declared":"1","found":"2","hints":["set it"],"fix":{"attr":"version","value":"2"}}
`
	if string(want) != text {
		t.Errorf("got %s", want)
	}
	got, err := Decode(want)
	if err != nil || !reflect.DeepEqual(got, Canonical(slices.Clone(sample))) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestRefused(t *testing.T) {
	for _, f := range []Finding{{Severity: Error, Msg: "m"}, {Rule: "r", Msg: "m"}, {Rule: "r", Severity: Error}} {
		if b, err := Encode([]Finding{f}); err == nil {
			t.Errorf("%+v became %s", f, b)
		}
	}
	for _, s := range []string{"x", "{}", `{"rule":"r","severity":"bad","msg":"m"}` + "\n", `{"rule":"r","severity":"note","msg":"m"}`,
		`{"msg":"m","rule":"r","severity":"note"}` + "\n", `{"rule":"r","severity":"note","msg":"m","more":1}` + "\n"} {
		if f, err := Decode([]byte(s)); err == nil {
			t.Errorf("%s became %+v", s, f)
		}
	}
}

func FuzzDecode(f *testing.F) {
	b, _ := Encode(sample)
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		findings, err := Decode(b)
		if err != nil {
			return
		}
		if again, err := Encode(findings); err != nil || !bytes.Equal(again, b) {
			t.Errorf("%q is decoded, but encoded as %q (%v)", b, again, err)
		}
	})
}
