package engine

import (
	"bytes"
	"testing"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/eval"
	"github.com/sbomctl/sbomctl/engine/finding"
)

// FuzzDecode: recorded values of this package are read without a panic, and what an action's outputs are
// read as is what they would be written as.
func FuzzDecode(f *testing.F) {
	small, large := cache.Of([]byte("x")), cache.Of(make([]byte, action.MaxInline+1))
	found := []finding.Finding{{Rule: "r", Severity: finding.Error, Label: "//:a", Msg: "m"}}
	f.Add((&executed{[]action.Output{{Name: "a", Digest: small, Inline: []byte("x")}, {Name: "b", Digest: large}}, found}).encode())
	f.Add(append([]byte{1, 1, 'v'}, encodeFindings(found)...))
	f.Add(appendString(appendString(appendString(nil, "a.json"), small.String()), "//:a#0"))
	f.Add(mustJSONBytes(definition{Label: "//:a", Operation: "x.y", Params: []byte("{}"), Inputs: []inputRef{{Name: "in", Files: []fileRef{{Path: "p"}}}}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		if o, err := decodeExecuted(b); err == nil {
			x := o.(*executed)
			again, err := decodeExecuted(x.encode())
			if err != nil || len(again.(*executed).outputs) != len(x.outputs) || len(again.(*executed).findings) != len(x.findings) {
				t.Fatalf("%q: %v", b, err)
			}
			for i, o := range x.outputs {
				if o.Inline != nil && !bytes.Equal(o.Inline, o.Handle().(action.Inline).Bytes) {
					t.Fatalf("output %d", i)
				}
			}
		}
		_, _ = decodeClosure(b)
		_, _ = decodeRequest(b)
		_, _ = decodeStrings(b)
		_, _ = decodeDefinition(b)
		_, _ = decodeIndex(b)
		_, _ = decodeFile(b)
		_, _ = decodeDir(b)
		_, _ = decodeText(b)
		_, _ = decodeOption(b)
		_, _ = decodeDeclaration(b)
		_, _ = decodePackage(b)
		_, _ = decodeTarget(b)
	})
}

func mustJSONBytes(v any) []byte { return []byte(mustJSON(v)) }

// TestRecordedForms pins what the kinds that outlive the program write: raise a kind's Version (kinds.go) together with this.
func TestRecordedForms(t *testing.T) {
	outputs := []action.Output{{Name: "a", Digest: cache.Of([]byte("x")), Inline: []byte("x")}, {Name: "b", Digest: cache.Of(make([]byte, action.MaxInline+1))}}
	value := (&executed{outputs, []finding.Finding{{Rule: "r", Severity: finding.Error, Label: "//:a", Msg: "m"}}}).encode()
	stripped := eval.Of(appendOutputs(nil, outputs))
	w := &Workspace{operations: map[string]*action.Operation{}}
	for _, k := range w.kinds() {
		var got string
		switch k.Name {
		case kindIndex, kindAction, kindValidation:
			got = eval.Of(value).String()
		case kindOutputs:
			got = eval.Of(stripped[:]).String()
		default:
			continue
		}
		want := map[uint32]string{1: "beb64cbf04fee9b6b28e4131a415d5d132d154688578ff9d6a82200684060fc5"}
		if k.Name == kindOutputs {
			want = map[uint32]string{1: "eca3ba461b2d2a8195d7e96a2c6913bffdda32f9421575cfd72cfa58f2525152"}
		}
		if got != want[k.Version] {
			t.Errorf("%s version %d writes %s, want %s", k.Name, k.Version, got, want[k.Version])
		}
	}
}
