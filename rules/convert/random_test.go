package convert

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/rules/spdx"
)

// variant makes another valid document of the one with every field: things are left out, texts become odd ones.
func variant(t testing.TB, r *rand.Rand) []byte {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal(every(t), &doc); err != nil {
		t.Fatal(err)
	}
	change(r, doc, "")
	out, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// free are fields that take any text; other texts have a form.
var free = strings.Fields("comment sourceInfo summary description licenseComments copyrightText packageFileName versionInfo extractedText noticeText homepage")

// odd are texts that could be taken for something else.
var odd = []string{"</text>", "<text>", "<text>a</text>", "a\nb", "a\r\nb", " a ", "\n", "#", "a: b", "PackageName: evil\nSPDXID: SPDXRef-evil", "\u00e9\u4e2d\U0001f600", "\u2028", "\x7f", "\"\\", "<&>", "NONE", "NOASSERTION", "=", "x:y=z", "a,b (c)", "https://example.org/a b", strings.Repeat("long ", 20)}

func change(r *rand.Rand, v any, field string) {
	switch v := v.(type) {
	case map[string]any:
		keys := make([]string, 0, len(v))
		for key := range v {
			keys = append(keys, key)
		}
		slices.Sort(keys) // so that a seed says it all
		for _, key := range keys {
			switch value := v[key].(type) {
			case string:
				if slices.Contains(free, key) && r.IntN(3) == 0 {
					v[key] = odd[r.IntN(len(odd))]
				}
			case []any:
				if required := key == "ranges" || key == "creators" || key == "checksums" && v["fileName"] != nil; !required && r.IntN(8) == 0 {
					delete(v, key)
					continue
				}
				for _, item := range value {
					change(r, item, key)
				}
			default:
				change(r, value, key)
			}
			if slices.Contains(free, key) && key != "extractedText" && r.IntN(8) == 0 && !(key == "comment" && v["annotator"] != nil) {
				delete(v, key)
			}
		}
	}
}

// shuffled is the document with its lists in another order.
func shuffled(t testing.TB, r *rand.Rand, data []byte) []byte {
	t.Helper()
	var doc any
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := dec.Decode(&doc); err != nil {
		t.Fatal(err)
	}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, inner := range v {
				walk(inner)
			}
		case []any:
			for _, inner := range v {
				walk(inner)
			}
			r.Shuffle(len(v), func(i, j int) { v[i], v[j] = v[j], v[i] })
		}
	}
	walk(doc)
	out, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func invalid(data []byte) string {
	for _, p := range spdx.Validate(data) {
		if !p.Minimum {
			return p.Path + " " + p.Msg
		}
	}
	return ""
}

// TestRandom: whatever a valid document says, all formats but tag-value hold it, and tag-value holds it or says what it cannot hold; the
// order of its lists changes no byte.
func TestRandom(t *testing.T) {
	valid := 0
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 8))
		data := variant(t, r)
		if invalid(data) != "" {
			continue // something that is left out was referred to
		}
		valid++
		want, err := read(data)
		if err != nil {
			t.Fatal(err)
		}
		again := shuffled(t, r, data)
		for name, reader := range readers {
			out, losses := written(t, name, data)
			if other, _ := written(t, name, again); !bytes.Equal(out, other) {
				t.Fatalf("seed %d: %s differs when lists are shuffled", seed, name)
			}
			if name == TagValue {
				d := reader(t, out) // it can be read, whatever is in it
				if len(d.Packages) != len(want.Packages) || len(d.Files) != len(want.Files) || len(d.Relationships) != len(want.Relationships) {
					t.Fatalf("seed %d: tag-value has other elements", seed)
				}
				if a, b := indented(mended(t, want)), indented(d); a != b && len(losses) == 0 {
					t.Fatalf("seed %d: tag-value is another document, and nothing is said to be lost: %s", seed, difference(a, b))
				}
				continue
			}
			if a, b := indented(want), indented(reader(t, out)); a != b {
				t.Fatalf("seed %d: %s is another document: %s", seed, name, difference(a, b))
			}
			if len(losses) > 0 {
				t.Fatalf("seed %d: %s: %q", seed, name, losses)
			}
		}
	}
	if valid < 20 {
		t.Errorf("only %d documents were valid", valid)
	}
}

// FuzzConvert: a document that is valid is converted to every format, twice to the same bytes; others are refused with an error.
func FuzzConvert(f *testing.F) {
	f.Add(every(f))
	for seed := range uint64(6) {
		f.Add(variant(f, rand.New(rand.NewPCG(seed, 8))))
	}
	f.Add([]byte(`{"SPDXID":"SPDXRef-DOCUMENT","spdxVersion":"SPDX-2.3","dataLicense":"CC0-1.0","name":"x","documentNamespace":"https://example.org/x","creationInfo":{"created":"2025-06-11T00:00:00Z","creators":["Tool: x"]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Read(data)
		if err != nil {
			return
		}
		for _, format := range Formats {
			var outs [2]bytes.Buffer
			for i := range outs {
				if err := d.Write(&outs[i], format.Name, func(finding.Finding) {}); err != nil {
					t.Fatal(err)
				}
			}
			if !bytes.Equal(outs[0].Bytes(), outs[1].Bytes()) {
				t.Errorf("%s differs from itself", format.Name)
			}
			if format.Name != TagValue && !json.Valid(outs[0].Bytes()) {
				t.Errorf("%s is no JSON: %q", format.Name, fmt.Sprintf("%.200s", outs[0].Bytes()))
			}
		}
	})
}
