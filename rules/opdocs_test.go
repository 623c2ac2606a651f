package rules

import "testing"

// TestOperationDocs wants of each operation, and of each of its parameters as its code decodes them, what it is, and
// no documentation of anything else.
func TestOperationDocs(t *testing.T) {
	known := map[string]bool{}
	for _, d := range Operations() {
		known[d.Name] = true
		if d.Doc == "" || len(d.Outputs) == 0 {
			t.Errorf("operation %s is not documented in opdocs.go", d.Name)
		}
		fields := map[string]bool{}
		for _, p := range d.Params {
			fields[p.Name] = true
			if p.Doc == "" {
				t.Errorf("operation %s: parameter %s is not documented in opdocs.go", d.Name, p.Name)
			}
		}
		for name := range operationDocs[d.Name].fields {
			if !fields[name] {
				t.Errorf("operation %s has no parameter %s", d.Name, name)
			}
		}
	}
	for name := range operationDocs {
		if !known[name] {
			t.Errorf("there is no operation %s", name)
		}
	}
}

func TestCheckDocs(t *testing.T) {
	for _, c := range Checks() {
		if c.Doc == "" {
			t.Errorf("ctx.check.%s is not documented in opdocs.go", c.Name)
		}
	}
	for name := range checkDocs {
		if checks[name] == nil {
			t.Errorf("there is no ctx.check.%s", name)
		}
	}
}
