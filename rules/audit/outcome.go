package audit

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/rules/pin"
)

// outcome is what was found, and what could not be found out.
type outcome struct {
	findings []finding.Finding
	unknown  []Unknown
}

func (o *outcome) add(p outcome) {
	o.findings = append(o.findings, p.findings...)
	o.unknown = append(o.unknown, p.unknown...)
}

// settle is the verdict of a level of which all was looked at: text says what, for when nothing is against it.
func settle(level int, text string, o outcome) Verdict {
	return Verdict{Level: level, Outcome: Proven, Text: text, Against: o.findings, Unknown: o.unknown}.Settled()
}

// Settled is a verdict that would be Proven but for what is against it, and what is unknown. One of something that was not tried stays that.
func (v Verdict) Settled() Verdict {
	v.Against, v.Unknown = finding.Canonical(v.Against), summed(v.Unknown)
	switch {
	case v.Outcome == NotTried:
	case slices.ContainsFunc(v.Against, func(f finding.Finding) bool { return f.Severity != finding.Note }):
		v.Outcome, v.Text = Found, ""
	case len(v.Unknown) > 0:
		v.Outcome, v.Text = Inconclusive, ""
	}
	return v
}

// summed says of each kind only what came first, and of how much more that is so: a registry that is down is down for each layer.
func summed(all []Unknown) []Unknown {
	slices.SortStableFunc(all, func(a, b Unknown) int {
		return cmp.Or(strings.Compare(string(a.Kind), string(b.Kind)), strings.Compare(a.What, b.What), strings.Compare(a.Why, b.Why))
	})
	all = slices.CompactFunc(all, func(a, b Unknown) bool { return a.Kind == b.Kind && a.What == b.What && a.Why == b.Why })
	var out []Unknown
	more := map[oci.Kind]int{}
	for _, u := range all {
		if more[u.Kind]++; more[u.Kind] == 1 {
			out = append(out, u)
		}
	}
	for i := range out {
		if n := more[out[i].Kind] - 1; n > 0 {
			out[i].Why += "; the same of " + strconv.Itoa(n) + " more"
		}
	}
	return out
}

// role is what a manifest or blob is to the image: what is wrong with it has another name for each.
type role map[oci.Kind]string

var (
	roleRoot  = role{oci.Missing: "digest-missing", oci.Mismatch: "digest-mismatch"}
	roleChild = role{oci.Missing: "index-child-missing", oci.Mismatch: "digest-mismatch"}
	roleBlob  = role{oci.Missing: "blob-missing", oci.Mismatch: "blob-corrupt"}
	roleTag   = role{oci.Missing: "tag-drift", oci.Mismatch: "digest-mismatch"}
)

// problem tells what an error of a Source is: something wrong, or something unknown. of says which part of the image it is about, "" the root.
func problem(im *pin.Image, err error, r role, of string) outcome {
	if err == nil {
		return outcome{}
	}
	var e *oci.Error
	if !errors.As(err, &e) {
		e = &oci.Error{Kind: oci.ServerError, What: im.Repository, Msg: "could not be asked: " + err.Error()}
	}
	what := e.What
	if of != "" {
		what = of + ": " + what
	}
	if e.Kind.Inconclusive() {
		hints := e.Hints
		if len(hints) == 0 {
			hints = todo[e.Kind]
		}
		return outcome{unknown: []Unknown{{e.Kind, what, e.Msg, hints}}}
	}
	id := r[e.Kind]
	if id == "" {
		id = "media-type" // it is not what it should be
	}
	f := against(im, id, "digest", what+" "+e.Msg, e.Hints...)
	if of == "" {
		f.Declared = im.Digest
	}
	return outcome{findings: []finding.Finding{f}}
}

// todo is what a user may do about an audit that is inconclusive, when whoever failed says nothing.
var todo = map[oci.Kind][]string{
	oci.Auth:        {"log in with docker login, or with a credential helper that the Docker configuration names"},
	oci.RateLimited: {"wait, and audit again; who is logged in may usually ask more"},
	oci.Offline:     {"audit again without --offline and with a way to the registry"},
	oci.TLS:         {"find out who answers there before anything is taken from it; SSL_CERT_FILE names certificates of an own authority"},
	oci.Timeout:     {"audit again"},
	oci.ServerError: {"audit again; if it lasts, whoever runs the registry has to know"},
}

// against is a finding about an image.
func against(im *pin.Image, id, attr, msg string, hints ...string) finding.Finding {
	return finding.Finding{Rule: id, Severity: severities[id], Label: im.Label, Attr: attr, Msg: msg, Hints: hints}
}

var severities = func() map[string]finding.Severity {
	m := map[string]finding.Severity{}
	for _, r := range Findings {
		m[r.ID] = r.Severity
	}
	return m
}()

// count is a number with its noun.
func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return strconv.Itoa(n) + " " + noun
}
