package spdx

import (
	"encoding/json"
	"os"
	"testing"
)

// TestMutations holds Validate against the table that peers/ holds against the official schema: what the schema refuses Validate
// refuses, and so is what a valid document must not have. What is valid it takes. Licence expressions it leaves to where they
// are declared.
func TestMutations(t *testing.T) {
	const dir = "../../testdata/spdx/"
	base, err := os.ReadFile(dir + "valid.spdx.json")
	if err != nil {
		t.Fatal(err)
	}
	if problems := Validate(base); len(problems) > 0 {
		t.Fatalf("the document is valid, but %+v", problems)
	}
	text, err := os.ReadFile(dir + "mutations.json")
	if err != nil {
		t.Fatal(err)
	}
	var table []struct {
		Name   string `json:"name"`
		Path   []any  `json:"path"`
		Value  any    `json:"value"`
		Remove bool   `json:"remove"`
		Valid  bool   `json:"valid"`
	}
	if err := json.Unmarshal(text, &table); err != nil {
		t.Fatal(err)
	}
	for _, m := range table {
		if m.Name == "licence that is no expression" {
			continue
		}
		var doc any
		if err := json.Unmarshal(base, &doc); err != nil {
			t.Fatal(err)
		}
		at := doc
		last := m.Path[len(m.Path)-1]
		for _, step := range m.Path[:len(m.Path)-1] {
			if i, ok := step.(float64); ok {
				at = at.([]any)[int(i)]
			} else {
				at = at.(map[string]any)[step.(string)]
			}
		}
		if i, ok := last.(float64); ok {
			at.([]any)[int(i)] = m.Value
		} else if at.(map[string]any)[last.(string)] = m.Value; m.Remove {
			delete(at.(map[string]any), last.(string))
		}
		changed, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		if problems := Validate(changed); (len(problems) == 0) != m.Valid {
			t.Errorf("%s: valid is %t, and the problems are %+v", m.Name, m.Valid, problems)
		}
	}
	if len(table) < 50 {
		t.Errorf("only %d mutations", len(table))
	}
}
