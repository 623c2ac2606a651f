package engine

import (
	"bytes"
	"testing"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/engine/action"
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
		_, _ = decodeOutputs(b)
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
