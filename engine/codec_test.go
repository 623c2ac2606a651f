package engine

import (
	"bytes"
	"testing"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/engine/action"
)

// FuzzDecode: recorded values of this package are read without a panic, and what an action's outputs are
// read as is what they would be written as.
func FuzzDecode(f *testing.F) {
	small, large := cache.Of([]byte("x")), cache.Of(make([]byte, action.MaxInline+1))
	f.Add(encodeOutputs(&action.Result{Outputs: []action.Output{{Name: "a", Digest: small, Inline: []byte("x")}, {Name: "b", Digest: large}}}))
	f.Add(appendString(appendString(appendString(nil, "a.json"), small.String()), "//:a#0"))
	f.Add(mustJSONBytes(spec{Label: "//:a", Operation: "x.y", Params: []byte("{}"), Inputs: []inputRef{{Name: "in", Files: []fileRef{{Path: "p"}}}}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		if out, err := decodeOutputs(b); err == nil {
			if again, err := decodeOutputs(encodeOutputs(&action.Result{Outputs: out})); err != nil || len(again) != len(out) {
				t.Fatalf("%q: %v", b, err)
			}
			for i, o := range out {
				if o.Inline != nil && !bytes.Equal(o.Inline, o.Handle().(action.Inline).Bytes) {
					t.Fatalf("output %d", i)
				}
			}
		}
		_, _ = decodeRequest(b)
		_, _ = decodeStrings(b)
		_, _ = decodeSpec(b)
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
