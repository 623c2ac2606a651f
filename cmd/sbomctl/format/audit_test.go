package format

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sbomctl/sbomctl/engine"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/rules/audit"
	"github.com/sbomctl/sbomctl/rules/pin"
)

// audited has an image with each outcome, and one reason that leaves two levels open.
func audited() *Report {
	drift := finding.Finding{Rule: "tag-drift", Severity: finding.Error, Label: "//:a", Attr: "tag", Msg: "the tag moved", Declared: "sha256:1", Found: "sha256:2"}
	down := audit.Unknown{Kind: oci.ServerError, What: "manifest {0} of r/a", Why: "was not fetched\x1b", Hints: []string{"wait"}}
	tag := audit.Unknown{Kind: oci.ServerError, What: "tag 1 of r/a", Why: down.Why, Hints: down.Hints}
	r := audit.Result{Image: pin.Image{Label: "//:a", Repository: "r/a", Tag: "1", Digest: "sha256:1", Platforms: []string{"linux/amd64"}}, Origin: "r/a", Tag: "sha256:2"}
	r.Verdicts = [audit.MaxLevel + 1]audit.Verdict{
		{Level: 0, Outcome: audit.Proven, Text: "all agree"},
		{Level: 1, Outcome: audit.Inconclusive, Unknown: []audit.Unknown{down}},
		{Level: 2, Outcome: audit.Waived, Against: []finding.Finding{drift, drift}},
		{Level: 3, Outcome: audit.Found, Against: []finding.Finding{drift}, Unknown: []audit.Unknown{tag}},
		{Level: 4, Outcome: audit.NotTried, Text: "not asked for"},
		{Level: 5, Outcome: audit.NotTried, Text: "no command"},
		{Level: 6, Outcome: audit.NotTried, Text: "no command"},
	}
	return &Report{
		Version:  "1.2.3",
		Findings: []Finding{{Found: engine.Found{Finding: drift, Declaration: diag.Pos{File: "BUILD.star", Line: 3, Col: 5}}}},
		Audit: &Audit{Level: 5, On: time.Date(2026, 11, 25, 12, 0, 0, 0, time.FixedZone("x", 3600)), Images: []audit.Result{r},
			Site: func(string) diag.Pos { return diag.Pos{File: "BUILD.star", Line: 1, Col: 1} }},
	}
}

// TestAudit holds what the formats say of an audit against testdata; -update rewrites it.
func TestAudit(t *testing.T) {
	for format := range formats {
		got := render(t, format, audited())
		path := "testdata/audit." + format
		if *update {
			if err := os.WriteFile(path, got, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what testdata has:\n%s", format, got)
		}
	}
}

func TestInconclusive(t *testing.T) {
	a := audited().Audit
	if got := a.Inconclusive(); len(got) != 1 || got[0].Text() != "inconclusive (resolves, tag): manifest {0} of r/a was not fetched\x1b" {
		t.Errorf("%+v", got)
	}
	if got := a.Skipped(); len(got) != 2 || got[1].Levels[0] != audit.Deterministic {
		t.Errorf("%+v: level 6 was not asked for", got)
	}
}

// TestNoImages: an audit of nothing is a complete document.
func TestNoImages(t *testing.T) {
	got := render(t, "json", &Report{Audit: &Audit{}})
	if !strings.Contains(string(got), `"images": []`) {
		t.Errorf("%s", got)
	}
	var b bytes.Buffer
	if err := History(&b, "1", nil); err != nil || !json.Valid(b.Bytes()) || !strings.Contains(b.String(), `"history": []`) {
		t.Errorf("%s, %v", b.String(), err)
	}
}
