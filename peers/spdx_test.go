package peers

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// TestSPDX: the release documents that the program writes for its own small release, and upstream's, are valid. The others are
// what they are made of, which as upstream's in Misc/ lack the head of a document: with one they are valid, too.
func TestSPDX(t *testing.T) {
	judge := schema(t, "spdx-schema-2.3.json")
	dir := t.TempDir()
	// A copy of the workspace, since building leaves an output folder.
	for _, name := range []string{"release", "platforms", "testdata"} {
		if err := os.CopyFS(filepath.Join(dir, name), os.DirFS("../"+name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"BUILD.star", "sbom.star", "pip.lock.json"} {
		text, err := os.ReadFile("../" + name)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), text, 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	run(t, dir, 0, "build", "//...")
	head, err := os.ReadFile("../testdata/spdx/valid.spdx.json")
	if err != nil {
		t.Fatal(err)
	}
	valid := decode(t, head).(map[string]any)
	held := map[bool]int{}
	for _, glob := range []string{"sbom-out/*.spdx.json", "sbom-out/*/*.spdx.json", "testdata/golden/*.spdx.json"} {
		paths, err := filepath.Glob(filepath.Join(dir, glob))
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: %d documents, %v", glob, len(paths), err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			doc := decode(t, text).(map[string]any)
			whole := doc["documentNamespace"] != nil
			held[whole]++
			if !whole {
				for _, name := range []string{"creationInfo", "dataLicense", "name", "documentNamespace"} {
					if doc[name] != nil {
						t.Errorf("%s has %s and no namespace: is it a whole document?", path, name)
					}
					doc[name] = valid[name]
				}
			}
			if err := judge.Validate(doc); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
	if held[true] < 10 || held[false] < 10 {
		t.Errorf("only %d release documents and %d others", held[true], held[false])
	}
}

// TestSPDXMutations holds the table that the product's own check of documents is held against: what it says of the schema is what
// the schema says. "valid" is for the product; a document that the schema refuses is never valid.
func TestSPDXMutations(t *testing.T) {
	judge := schema(t, "spdx-schema-2.3.json")
	base, err := os.ReadFile("../testdata/spdx/valid.spdx.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := judge.Validate(decode(t, base)); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../testdata/spdx/mutations.json")
	if err != nil {
		t.Fatal(err)
	}
	var table []mutation
	if err := json.Unmarshal(text, &table); err != nil {
		t.Fatal(err)
	}
	refused := 0
	for _, m := range table {
		err := judge.Validate(m.apply(t, base))
		if (err == nil) != m.Schema {
			t.Errorf("%s: the schema says %v, the table that it takes it: %t", m.Name, err, m.Schema)
		}
		if m.Valid && !m.Schema {
			t.Errorf("%s: valid, and the schema refuses it?", m.Name)
		}
		if err != nil {
			refused++
		}
	}
	if refused < 10 || refused == len(table) {
		t.Errorf("%d of %d are refused", refused, len(table))
	}
}
