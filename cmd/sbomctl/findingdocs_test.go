package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/rules"
)

// otherSeverities are the rules whose findings can have another severity than the rule: a declaration says so, or what is missed is less
var otherSeverities = map[string]bool{
	"creator": true, "skew": true, "spdx": true, "waiver": true,
	"not-pinned": true, "reference-drift": true,
	"media-type": true, "blob-missing": true, "pin-is-single-platform": true,
}

// TestFindingsDescribed: each finding that a script shows is of a rule that is described, with its severity, or of one that the
// script's own workspace reports.
func TestFindingsDescribed(t *testing.T) {
	described := map[string]finding.Severity{}
	for _, r := range rules.Set(nil).Findings {
		described[r.ID] = r.Severity
	}
	line := regexp.MustCompile(`(?m)(?:^|: )(error|warning|note): .* \[([a-z_-]+)\]$`)
	scripts, err := filepath.Glob("../../testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, path := range scripts {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range line.FindAllStringSubmatch(string(text), -1) {
			severity, id := m[1], m[2]
			if strings.Contains(m[0], "] is not fixed: ") { // a warning about a fix
				continue
			}
			want, known := described[id]
			own := strings.Contains(string(text), `"rule": "`+id+`"`) || strings.Contains(string(text), `id = "`+id+`"`)
			switch {
			case !known && !own:
				t.Errorf("%s: %s\nthe rule %s is described nowhere", filepath.Base(path), m[0], id)
			case known && want.String() != severity && !otherSeverities[id]:
				t.Errorf("%s: %s\nthe rule %s is described with severity %s", filepath.Base(path), m[0], id, want)
			}
			seen[id] = true
		}
	}
	if !seen["evidence"] {
		t.Error("no script shows a finding: is the expression right?")
	}
}
