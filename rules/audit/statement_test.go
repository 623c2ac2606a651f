package audit

import (
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/rules/pin"
)

// TestState: a statement has what was proven and nothing else; of nothing there is none.
func TestState(t *testing.T) {
	result := func(label, repository, digest string, outcomes ...Outcome) Result {
		r := Result{Image: pin.Image{Label: label, Repository: repository, Tag: "1", Digest: digest}}
		for l := range r.Verdicts {
			r.Verdicts[l] = Verdict{Level: l, Outcome: NotTried, Text: "not tried"}
		}
		for l, o := range outcomes {
			r.Verdicts[l] = Verdict{Level: l, Outcome: o, Text: "text of " + Names[l]}
		}
		return r
	}
	if s := State(nil, "1", noon); s != nil {
		t.Errorf("of no image: %+v", s)
	}
	for _, o := range []Outcome{Found, Waived, Inconclusive, NotTried} {
		if s := State([]Result{result("//:a", "r/a", digest1, o, o, o, o, o, o, o)}, "1", noon); s != nil {
			t.Errorf("of %s: %+v", o, s)
		}
	}
	if s := State([]Result{result("//:a", "r/a", "", Proven)}, "1", noon); s != nil {
		t.Errorf("of an image without a digest: %+v", s)
	}
	results := []Result{
		result("//:z", "r/a", digest1, Proven, Found, Inconclusive, Proven),
		result("//:b", "r/a", digest1, Proven),
		result("//:c", "r/0", digest2, Waived, Proven),
		result("//:d", "r/0", digest1, Waived, Found),
	}
	s := State(results, "1", noon)
	b, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Subject) != 2 || s.Subject[0].Name != "r/0" || "sha256:"+s.Subject[1].Digest["sha256"] != digest1 {
		t.Errorf("subjects: %+v", s.Subject)
	}
	var said []string
	for _, im := range s.Predicate.Images {
		for _, p := range im.Proven {
			said = append(said, im.Target+" "+p.Name)
		}
	}
	if got, want := strings.Join(said, ", "), "//:b references, //:c resolves, //:z references, //:z tag"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if strings.Contains(string(b), "not tried") || strings.Contains(string(b), "text of complete") {
		t.Errorf("%s", b)
	}
}
