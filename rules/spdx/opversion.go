package spdx

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/rules/evidence"
)

// VersionID is the rule of what is found of a release's version.
const VersionID = "release-version"

// VersionFinding describes it.
var VersionFinding = finding.Rule{
	ID: VersionID, Severity: finding.Error,
	Title: "an artifact's name and the tree that it is made of state two versions, or the tree states none",
	Help: `The name of an artifact says a version, by the product's ` + "`naming`" + `, and the tree states one, where ` + "`version_evidence`" + ` of the product says. An installer of one release with the
declarations of another has an SBOM that is wrong about everything in it.

Check out the tag of the release, or declare the artifact that is made of this tree. A warning says that the product has no ` + "`version_evidence`" + `: then nothing is compared.`,
}

// VersionParams are the parameters of "spdx.version". Input: "evidence" (the files of the tree that the rules name). Output:
// "report", empty. That the two versions differ is a finding.
type VersionParams struct {
	Artifact string          `json:"artifact"` // file name
	Label    string          `json:"label"`    // of the product, for messages
	Naming   Naming          `json:"naming"`
	Rules    []evidence.Rule `json:"rules"`
}

func runVersion(ctx context.Context, call action.Call) error {
	var p VersionParams
	if err := call.Params(&p); err != nil {
		return err
	}
	a, err := p.Naming.Artifact(p.Artifact)
	if err != nil {
		return err
	}
	stated, err := statedFacts(ctx, call, p.Label, p.Rules)
	if err != nil {
		return err
	}
	if _, err := versionsOf(stated, p.Label); err != nil {
		return err
	}
	for _, f := range otherVersions(a, stated) {
		call.Report(f)
	}
	return action.WriteOutput(call, "report", nil)
}

// otherVersions are the versions that the tree states and the artifact is not of: one finding each, at the first place. The message does not name
// the artifact, so that all artifacts of a release that moved on are told as one mistake.
func otherVersions(a Artifact, stated []evidence.Fact) []finding.Finding {
	var out []finding.Finding
	also := map[string][]string{} // version -> the other places that state it
	for _, f := range stated {
		if !isVersion(f) || f.Value == a.Version {
			continue
		}
		if slices.ContainsFunc(out, func(o finding.Finding) bool { return o.Found == f.Value }) {
			also[f.Value] = append(also[f.Value], fmt.Sprintf("%s:%d", f.Path, f.Line))
			continue
		}
		out = append(out, finding.Finding{Rule: VersionID, Severity: finding.Error, Pos: diag.Pos{File: f.Path, Line: f.Line, Col: f.Column}, Declared: a.Version, Found: f.Value,
			Msg: fmt.Sprintf("the tree is version %q, but the artifact is of version %q", f.Value, a.Version)})
	}
	for i := range out {
		f := &out[i]
		if places := also[f.Found]; len(places) > 0 {
			f.Hints = append(f.Hints, "it is stated at "+strings.Join(places, ", ")+", too")
		}
		f.Hints = append(f.Hints, fmt.Sprintf("check out the tag of the release, or declare the artifact that is made of this tree: %s is of %s", a.Name, a.Version))
	}
	return out
}

// statedFacts is what the tree states of the product, each with its place. The input "evidence" has the files.
func statedFacts(ctx context.Context, call action.Call, label string, rules []evidence.Rule) ([]evidence.Fact, error) {
	facts, err := evidence.Find(ctx, call, "evidence", label, rules)
	return facts, atVersionEvidence(err, label)
}

// isVersion reports whether a fact is a version.
func isVersion(f evidence.Fact) bool {
	return f.Fact == evidence.Version || f.Fact == evidence.Revision
}

// versionsOf are the versions among facts; that there is none is an error.
func versionsOf(facts []evidence.Fact, label string) ([]evidence.Fact, error) {
	out := slices.DeleteFunc(slices.Clone(facts), func(f evidence.Fact) bool { return !isVersion(f) })
	if len(out) == 0 {
		return nil, &diag.Error{Label: label, Attr: "version_evidence", Msg: "it has no group version, so that it states no version of the product",
			Hints: []string{`regex("FILE", r'VERSION = "(?P<version>[^"]+)"')`}}
	}
	return out, nil
}

// atVersionEvidence says that errors of evidence are of the product's.
func atVersionEvidence(err error, label string) error {
	var errs diag.List
	for _, e := range diag.Flatten(err) {
		if d := (*diag.Error)(nil); errors.As(e, &d) {
			of := *d
			of.Label, of.Attr = label, "version_evidence"
			e = &of
		}
		errs = append(errs, e)
	}
	return errs.Err()
}

// versionOfTree is the one version that the tree states; "" when the product has no evidence of one.
func versionOfTree(ctx context.Context, call action.Call, label string, rules []evidence.Rule) (string, error) {
	if len(rules) == 0 {
		return "", nil
	}
	facts, err := statedFacts(ctx, call, label, rules)
	if err != nil {
		return "", err
	}
	stated, err := versionsOf(facts, label)
	if err != nil {
		return "", err
	}
	for _, f := range stated[1:] {
		if first := stated[0]; f.Value != first.Value {
			return "", &diag.Error{Label: label, Attr: "version_evidence", Pos: diag.Pos{File: f.Path, Line: f.Line, Col: f.Column},
				Msg: fmt.Sprintf("the tree states version %q here, and %q at %s:%d", f.Value, first.Value, first.Path, first.Line)}
		}
	}
	return stated[0].Value, nil
}
