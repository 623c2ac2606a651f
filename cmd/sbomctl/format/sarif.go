package format

import (
	"io"
	"regexp"
	"strings"

	"github.com/sbomctl/sbomctl/engine"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/event"
	"github.com/sbomctl/sbomctl/engine/finding"
)

// Where people read of sbomctl and of a rule.
const (
	project   = "https://github.com/sbomctl/sbomctl"
	rulePages = project + "/blob/main/docs/findings.md#"
)

// srcRoot is the base of relative URIs: the root of the repository, as code-scanning pages call it. Where it lies on this machine is not told.
const srcRoot = "%SRCROOT%"

// SARIF writes the report as a log of SARIF 2.1.0 with one run (docs.oasis-open.org/sarif/sarif/v2.1.0).
//
// A result lies where the finding is, or, when that is in no file of the repository, where the target is declared; the other of
// the two is a related location. Waived findings are results with a suppression. A fix that is an edit and can be made is a fix,
// a command is told in the message.
func SARIF(w io.Writer, r *Report) error {
	rules := r.rules()
	index := map[string]int{}
	driver := sarifDriver{Name: "sbomctl", Version: r.Version, InformationURI: project, Rules: []sarifRule{}}
	for i, rule := range rules {
		index[rule.ID] = i
		driver.Rules = append(driver.Rules, sarifRuleOf(rule))
	}
	for _, rule := range r.Rules {
		driver.Rules[index[rule.ID]].HelpURI = rulePages + rule.ID
	}
	s := &sarif{placer: newPlacer(r, utf16Units)}
	run := sarifRun{
		Tool:        sarifTool{driver},
		ColumnKind:  "utf16CodeUnits",
		URIBaseIDs:  map[string]sarifBase{srcRoot: {sarifText{"the root of the repository"}}},
		Results:     []sarifResult{},
		Invocations: []sarifInvocation{{ExecutionSuccessful: len(r.Unchecked) == 0, Notifications: []sarifNotification{}}},
	}
	prints := fingerprints(r.Findings)
	for i, f := range r.Findings {
		result := s.result(f, index[f.Rule])
		result.Fingerprints = map[string]string{fingerprintVersion: prints[i]}
		run.Results = append(run.Results, result)
	}
	for _, e := range r.Unchecked {
		n := sarifNotification{Level: "error", Message: message(e.Label, strings.Join(append([]string{e.Msg}, e.Lines...), "\n"), e.Hints)}
		if loc, ok := s.location(e.Pos); ok {
			n.Locations = []sarifLocation{loc}
		}
		run.Invocations[0].Notifications = append(run.Invocations[0].Notifications, n)
	}
	if r.Audit != nil {
		for _, u := range r.Audit.Inconclusive() {
			n := sarifNotification{Level: "warning", Message: message(u.Label, u.Text(), u.Hints), Descriptor: &sarifDescriptor{string(u.Kind)}}
			if loc, ok := s.location(u.Site); ok {
				n.Locations = []sarifLocation{loc}
			}
			run.Invocations[0].ExecutionSuccessful = false
			run.Invocations[0].Notifications = append(run.Invocations[0].Notifications, n)
		}
	}
	return encode(w, sarifLog{"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json", "2.1.0", []sarifRun{run}})
}

func sarifRuleOf(rule finding.Rule) sarifRule {
	out := sarifRule{ID: rule.ID, Name: rule.ID, Configuration: sarifConfiguration{sarifLevel(rule.Severity)}}
	if rule.Title != "" {
		out.Short = &sarifText{rule.Title}
	}
	if rule.Help != "" {
		out.Full = &sarifText{firstParagraph(rule.Help)}
		out.Help = &sarifHelp{rule.Help, rule.Help}
	}
	return out
}

func firstParagraph(s string) string {
	first, _, _ := strings.Cut(strings.TrimSpace(s), "\n\n")
	return strings.Join(strings.Fields(first), " ")
}

// sarifLevel is a severity's word in SARIF, which is the same.
func sarifLevel(s finding.Severity) string { return s.String() }

// sarif makes results.
type sarif struct{ *placer }

func (s *sarif) result(f Finding, rule int) sarifResult {
	out := sarifResult{RuleID: f.Rule, RuleIndex: rule, Level: sarifLevel(f.Severity), Message: message(f.Label, f.Msg, withCommand(f.Hints, f.Fix))}
	if f.Label != "" || f.Attr != "" || f.Declared != "" || f.Finding.Found != "" {
		out.Properties = &sarifProperties{f.Label, f.Attr, f.Declared, f.Finding.Found}
	}
	at, related := f.Pos, f.Declaration
	if !s.place(at).inRepository() && s.place(related).inRepository() {
		at, related = related, at
	}
	if loc, ok := s.location(at); ok {
		out.Locations = []sarifLocation{loc}
	}
	if loc, ok := s.location(related); ok && related != at {
		text := sarifText{"found here"}
		if related == f.Declaration {
			text.Text = "declared here"
		}
		loc.Message = &text
		out.Related = []sarifLocation{loc}
	}
	if f.Waiver != nil {
		out.Suppressions = []sarifSuppression{{"external", "accepted", f.Waiver.Reason}}
	}
	if len(f.Edits) > 0 {
		out.Fixes = []sarifFix{s.fix(f.Edits)}
	}
	return out
}

// location is false for what is nowhere.
func (s *sarif) location(pos diag.Pos) (sarifLocation, bool) {
	p := s.place(pos)
	var out sarifLocation
	if p.file != "" {
		out.Physical = &sarifPhysical{Artifact: artifactOf(p)}
		if p.region != nil {
			out.Physical.Region = &sarifRegion{StartLine: p.region.line, StartColumn: p.region.column}
		}
	}
	if p.inside != "" {
		out.Logical = []sarifLogical{{event.Printable(p.inside), "member"}}
	}
	return out, out.Physical != nil || out.Logical != nil
}

func artifactOf(p place) sarifArtifact {
	if p.absolute {
		return sarifArtifact{URI: p.uri()}
	}
	return sarifArtifact{p.uri(), srcRoot}
}

// fix has a change for each file, in the order of the edits.
func (s *sarif) fix(edits []engine.Edit) sarifFix {
	var out sarifFix
	byFile := map[string]int{}
	for _, e := range edits {
		i, ok := byFile[e.File]
		if !ok {
			i = len(out.Changes)
			byFile[e.File] = i
			out.Changes = append(out.Changes, sarifChange{Artifact: artifactOf(s.file(e.File))})
		}
		r := s.stretch(e.File, e.Start, e.End)
		out.Changes[i].Replacements = append(out.Changes[i].Replacements,
			sarifReplacement{sarifRegion{r.line, r.column, r.endLine, r.endColumn}, &sarifText{e.New}})
	}
	out.Description = sarifText{"edit " + event.Printable(edits[0].File)}
	return out
}

// message is a finding's text and its hints. A code-scanning page would take parts of it for links and for placeholders.
func message(label, msg string, hints []string) sarifText {
	if label != "" {
		msg = label + ": " + msg
	}
	for _, h := range hints {
		msg += "\nhint: " + h
	}
	msg = linkLike.ReplaceAllString(msg, `\[$1\](`)
	return sarifText{placeholderLike.ReplaceAllString(msg, "{$0}")}
}

var (
	linkLike        = regexp.MustCompile(`\[([^\[\]]*)\]\(`)
	placeholderLike = regexp.MustCompile(`\{[0-9]+\}`)
)

// The part of SARIF that is written, in the names and the order of the standard.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool        sarifTool            `json:"tool"`
		Invocations []sarifInvocation    `json:"invocations"`
		URIBaseIDs  map[string]sarifBase `json:"originalUriBaseIds"`
		Results     []sarifResult        `json:"results"`
		ColumnKind  string               `json:"columnKind"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		Version        string      `json:"version"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID            string             `json:"id"`
		Name          string             `json:"name"`
		Short         *sarifText         `json:"shortDescription,omitempty"`
		Full          *sarifText         `json:"fullDescription,omitempty"`
		HelpURI       string             `json:"helpUri,omitempty"`
		Help          *sarifHelp         `json:"help,omitempty"`
		Configuration sarifConfiguration `json:"defaultConfiguration"`
	}
	sarifConfiguration struct {
		Level string `json:"level"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifHelp struct {
		Text     string `json:"text"`
		Markdown string `json:"markdown"`
	}
	sarifBase struct {
		Description sarifText `json:"description"`
	}
	sarifInvocation struct {
		ExecutionSuccessful bool                `json:"executionSuccessful"`
		Notifications       []sarifNotification `json:"toolExecutionNotifications"`
	}
	sarifNotification struct {
		Level      string           `json:"level"`
		Message    sarifText        `json:"message"`
		Locations  []sarifLocation  `json:"locations,omitempty"`
		Descriptor *sarifDescriptor `json:"descriptor,omitempty"`
	}
	sarifDescriptor struct {
		ID string `json:"id"`
	}
	sarifResult struct {
		RuleID       string             `json:"ruleId"`
		RuleIndex    int                `json:"ruleIndex"`
		Level        string             `json:"level"`
		Message      sarifText          `json:"message"`
		Locations    []sarifLocation    `json:"locations,omitempty"`
		Related      []sarifLocation    `json:"relatedLocations,omitempty"`
		Fingerprints map[string]string  `json:"partialFingerprints"`
		Suppressions []sarifSuppression `json:"suppressions,omitempty"`
		Fixes        []sarifFix         `json:"fixes,omitempty"`
		Properties   *sarifProperties   `json:"properties,omitempty"`
	}
	sarifLocation struct {
		Physical *sarifPhysical `json:"physicalLocation,omitempty"`
		Logical  []sarifLogical `json:"logicalLocations,omitempty"`
		Message  *sarifText     `json:"message,omitempty"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI     string `json:"uri"`
		URIBase string `json:"uriBaseId,omitempty"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn,omitempty"`
		EndLine     int `json:"endLine,omitempty"`
		EndColumn   int `json:"endColumn,omitempty"`
	}
	sarifLogical struct {
		Name string `json:"fullyQualifiedName"`
		Kind string `json:"kind"`
	}
	sarifSuppression struct {
		Kind          string `json:"kind"`
		Status        string `json:"status"`
		Justification string `json:"justification"`
	}
	sarifFix struct {
		Description sarifText     `json:"description"`
		Changes     []sarifChange `json:"artifactChanges"`
	}
	sarifChange struct {
		Artifact     sarifArtifact      `json:"artifactLocation"`
		Replacements []sarifReplacement `json:"replacements"`
	}
	sarifReplacement struct {
		Deleted  sarifRegion `json:"deletedRegion"`
		Inserted *sarifText  `json:"insertedContent"`
	}
	sarifProperties struct {
		Label     string `json:"label,omitempty"`
		Attribute string `json:"attribute,omitempty"`
		Declared  string `json:"declared,omitempty"`
		Found     string `json:"found,omitempty"`
	}
)
