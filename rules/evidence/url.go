package evidence

import (
	"context"
	"fmt"
	"strings"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/finding"
	versions "github.com/sbomctl/sbomctl/rules/version"
)

// URLID is the rule of the findings of "evidence.url".
const URLID = "url-version"

// URLFinding describes what "evidence.url" reports.
var URLFinding = finding.Rule{
	ID: URLID, Severity: finding.Error,
	Title: "a URL is of another version than declared",
	Help: `A URL that is written out has the version in it, in one of the forms that projects use: 2.7.1, R_2_7_1, 3490100. Where it has another one, somebody moved
the version and left the URL behind: scanners look at the one, auditors download the other.

Write the version as a placeholder, so that both move together: ` + "`{version}`, `{version:_}` for 2_7_1, `{version:-}` for 2-7-1, `{version:sqlite}` for 3490100, `{version:series}` for 2.7, `{version:digits}` for 271" + `.`,
}

// UnversionedID is the rule of what "evidence.url" reports of a URL without any version.
const UnversionedID = "url-unversioned"

// UnversionedFinding describes it.
var UnversionedFinding = finding.Rule{
	ID: UnversionedID, Severity: finding.Warning,
	Title: "a URL has no version in it",
	Help:  "Nobody can tell whether a URL such as .../latest.tgz is of the declared version, and tomorrow it may be of another.\n\nDeclare the URL of this version: `{version}`, `{version:_}` and the like make it of the version, so that both move together.",
}

// URLParams are the parameters of "evidence.url". Output: "report", empty. It is only asked where there is something to say.
type URLParams struct {
	Attr    string `json:"attr"` // that the URL stands in
	URL     string `json:"url"`
	Version string `json:"version"`
	// Of says what has the version; "" is the target's declaration.
	Of string `json:"of,omitempty"`
}

func runURL(_ context.Context, call action.Call) error {
	var p URLParams
	if err := call.Params(&p); err != nil {
		return err
	}
	whose := "the declared version"
	if p.Of != "" {
		whose = "the version of " + p.Of
	}
	others := versions.Others(p.URL, p.Version)
	switch found := versions.Find(p.URL, p.Version); {
	case len(others) > 0:
		f := finding.Finding{Rule: URLID, Severity: finding.Error, Attr: p.Attr, Declared: p.Version, Found: others[0],
			Msg: fmt.Sprintf("%s is in the URL %s, and %s is %s", quotedList(others), clip(p.URL), whose, clip(p.Version))}
		if now := versions.Fold(versions.Replaced(p.URL, others, p.Version), p.Version); now != p.URL && p.Of == "" {
			f.Hints = []string{fmt.Sprintf("if the version is right, write %s = %q, which moves with it", strings.SplitN(p.Attr, "[", 2)[0], now)}
		} else if p.Of != "" {
			f.Hints = []string{"write the URL of this file, or the name of the file that the URL is of"}
		}
		call.Report(f)
	case len(found) == 0:
		call.Report(finding.Finding{Rule: UnversionedID, Severity: finding.Warning, Attr: p.Attr, Declared: p.Version,
			Msg:   fmt.Sprintf("the URL %s has no version in it, so nobody can tell whether it is of %s", clip(p.URL), clip(p.Version)),
			Hints: []string{"declare the URL of this version; {version} and {version:_} (docs/maintaining.md) make it of the version"}})
	}
	return nothing(call)
}

func quotedList(list []string) string {
	quoted := make([]string, len(list))
	for i, s := range list {
		quoted[i] = clip(s)
	}
	return strings.Join(quoted, ", ")
}
