package textsearch

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/finding"
)

// Params are the parameters of the operation "text.search".
type Params struct {
	Rule     string   `json:"rule"`
	Severity string   `json:"severity"`
	Message  string   `json:"message"`
	Patterns []string `json:"patterns"`
	Expect   string   `json:"expect,omitempty"`
	Replace  *string  `json:"replace,omitempty"`
	Hints    []string `json:"hints,omitempty"`
	Attr     string   `json:"attr,omitempty"`
}

// What counts; the words of Params.Expect.
const (
	expectNone = "none"
	expectEach = "each_file"
	expectAny  = "any_file"
)

// Operation returns "text.search": input "files", output "report" (a line for each finding). reserved are the rule ids that are not a
// workspace's to report.
func Operation(reserved []string) action.Operation {
	return action.Operation{Name: "text.search", Version: 1, Run: func(ctx context.Context, call action.Call) error {
		var p Params
		if err := call.Params(&p); err != nil {
			return err
		}
		s, err := newSearch(p, reserved)
		if err != nil {
			return err
		}
		if err := s.run(ctx, call); err != nil {
			return err
		}
		for _, f := range s.found {
			call.Report(f)
		}
		return s.report(call)
	}}
}

func compile(pattern string) (*regexp.Regexp, error) {
	if len(pattern) > MaxPatternBytes {
		return nil, &diag.Error{Msg: fmt.Sprintf("pattern %s has %d bytes, expected at most %d", clip(pattern), len(pattern), MaxPatternBytes)}
	}
	re, err := regexp.Compile(pattern)
	if err == nil {
		return re, nil
	}
	d := &diag.Error{Msg: fmt.Sprintf("pattern %s is not a regular expression (RE2)", clip(pattern))}
	var s *syntax.Error
	if errors.As(err, &s) {
		d.Msg += fmt.Sprintf(": %s at %s", s.Code, clip(s.Expr))
		if s.Code == syntax.ErrInvalidPerlOp {
			d.Hints = []string{"RE2 has no look-ahead and no look-behind"}
		}
	}
	return nil, d
}

// search is a list of patterns and what to say of each.
type search struct {
	Params
	severity finding.Severity
	patterns []*regexp.Regexp
	messages []template // of each pattern
	replace  template   // with Replace
	found    []finding.Finding
}

// RuleID is what an id of a finding's rule looks like.
var ruleID = regexp.MustCompile(`^[a-z][a-z0-9]*([-_][a-z0-9]+)*$`)

// newSearch checks the parameters.
func newSearch(p Params, reserved []string) (*search, error) {
	s := &search{Params: p}
	bad := func(format string, args ...any) (*search, error) {
		return nil, &diag.Error{Msg: "text.search: " + fmt.Sprintf(format, args...)}
	}
	expectations := []string{expectNone, expectEach, expectAny}
	switch {
	case !ruleID.MatchString(p.Rule) || len(p.Rule) > 64:
		return bad("rule %s is no id: expected lower-case words joined by \"-\", such as \"no-http\"", clip(p.Rule))
	case slices.Contains(reserved, p.Rule):
		return bad("rule %s is one of sbomctl's own; give yours another id", clip(p.Rule))
	case s.severity.UnmarshalText([]byte(p.Severity)) != nil:
		return bad("severity is %s, expected \"error\", \"warning\" or \"note\"%s", clip(p.Severity), diag.DidYouMean(p.Severity, []string{"error", "warning", "note"}))
	case strings.TrimSpace(p.Message) == "":
		return bad("message is empty")
	case strings.ContainsAny(p.Message+strings.Join(p.Hints, ""), "\n\r"):
		return bad("message and hints are of one line each")
	case len(p.Patterns) == 0 || len(p.Patterns) > MaxPatterns:
		return bad("there are %d patterns, expected 1 to %d", len(p.Patterns), MaxPatterns)
	case len(p.Hints) > MaxPatterns:
		return bad("there are %d hints, expected at most %d", len(p.Hints), MaxPatterns)
	case p.Expect != "" && !slices.Contains(expectations, p.Expect):
		return bad("expect is %s, expected \"none\", \"each_file\" or \"any_file\"%s", clip(p.Expect), diag.DidYouMean(p.Expect, expectations))
	case p.Replace != nil && (!p.forbidden() || len(p.Patterns) > 1):
		return bad("replace is for one pattern that must match nothing (expect = \"none\")")
	}
	for _, pattern := range p.Patterns {
		re, err := compile(pattern)
		if err != nil {
			return nil, err
		}
		names := []string{"pattern"}
		if p.Expect != expectAny {
			names = append(names, "path")
		}
		if p.forbidden() {
			names = append(append(names, "match"), groups(re)...)
		}
		message, err := parseTemplate("message", p.Message, names)
		if err != nil {
			return nil, err
		}
		s.patterns, s.messages = append(s.patterns, re), append(s.messages, message)
	}
	if p.Replace != nil {
		var err error
		if s.replace, err = parseTemplate("replace", *p.Replace, append([]string{"match"}, groups(s.patterns[0])...)); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// forbidden reports whether a match is a finding.
func (p *Params) forbidden() bool { return p.Expect == "" || p.Expect == expectNone }

func (s *search) run(ctx context.Context, call action.Call) error {
	matched := make([]bool, len(s.patterns))
	for _, f := range call.Files("files") {
		if err := ctx.Err(); err != nil {
			return err
		}
		if f.Digest.Size > MaxFileBytes {
			return &diag.Error{Pos: diag.File(f.Path), Msg: fmt.Sprintf("text.search: the file has %d bytes, expected at most %d", f.Digest.Size, MaxFileBytes),
				Hints: []string{"leave it out of the file set"}}
		}
		content, err := call.Read(f, MaxFileBytes)
		if err != nil {
			return err
		}
		for i, re := range s.patterns {
			var err error
			switch {
			case s.forbidden():
				err = s.matches(i, f.Path, content)
			case re.Match(content):
				matched[i] = true
			case s.Expect == expectEach:
				err = s.add(i, diag.File(f.Path), f.Path, nil, nil)
			}
			if err != nil {
				return err
			}
		}
	}
	for i := range s.patterns {
		if s.Expect == expectAny && !matched[i] {
			if err := s.add(i, diag.Pos{}, "", nil, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// matches reports each match of a pattern in a file.
func (s *search) matches(i int, path string, content []byte) error {
	re := s.patterns[i]
	all := re.FindAllSubmatchIndex(content, MaxFindings+1)
	edits := s.edits(re, content, all)
	at := diag.Pos{File: path, Line: 1, Col: 1}
	offset := 0
	for n, m := range all {
		for _, c := range content[offset:m[0]] { // matches are in order: each byte is looked at once
			if at.Col++; c == '\n' {
				at.Line, at.Col = at.Line+1, 1
			}
		}
		offset = m[0]
		group := func(name string) string { return groupOf(re, content, m, name) }
		if err := s.add(i, at, path, group, edits[n]); err != nil {
			return err
		}
	}
	return nil
}

// groupOf is what a group of a match has; "match" is all of it.
func groupOf(re *regexp.Regexp, content []byte, m []int, name string) string {
	g := 0
	if named := re.SubexpIndex(name); named > 0 {
		g = named
	}
	if m[2*g] < 0 {
		return ""
	}
	return string(content[m[2*g]:m[2*g+1]])
}

// edits returns the fix of each match, nil where there is none that mends it.
func (s *search) edits(re *regexp.Regexp, content []byte, all [][]int) []*finding.Fix {
	fixes := make([]*finding.Fix, len(all))
	if s.Replace == nil || len(all) > MaxFindings {
		return fixes
	}
	for i, m := range all {
		old := string(content[m[0]:m[1]])
		text := s.replace.expand(func(name string) string { return groupOf(re, content, m, name) })
		if old != "" && old != text && len(old) <= maxFixBytes && len(text) <= maxFixBytes && utf8.ValidString(old) && utf8.ValidString(text) {
			fixes[i] = &finding.Fix{Old: old, New: text}
		}
	}
	// A fix that is dropped leaves text behind that may match together with what a neighbour's makes. That settles at once,
	// or the replacement is none.
	for range 4 {
		if !dropUseless(re, content, all, fixes) {
			return fixes
		}
	}
	return make([]*finding.Fix, len(all))
}

// dropUseless drops the fixes whose text matches again when all fixes are made. It reports whether there were any.
func dropUseless(re *regexp.Regexp, content []byte, all [][]int, fixes []*finding.Fix) bool {
	var mended []byte
	places := make([][2]int, len(all)) // of the fixes in it
	last := 0
	for i, m := range all {
		mended = append(mended, content[last:m[0]]...)
		text := content[m[0]:m[1]]
		if fixes[i] != nil {
			text = []byte(fixes[i].New)
		}
		places[i] = [2]int{len(mended), len(mended) + len(text)}
		mended = append(mended, text...)
		last = m[1]
	}
	mended = append(mended, content[last:]...)
	dropped := false
	again := re.FindAllIndex(mended, 2*MaxFindings)
	if len(again) == 2*MaxFindings { // how many more there are is not worth the memory
		clear(fixes)
	}
	for i, j := 0, 0; i < len(all) && j < len(again); {
		switch {
		case fixes[i] == nil || places[i][1] < again[j][0]:
			i++
		case again[j][1] < places[i][0]:
			j++
		default: // they touch
			fixes[i], dropped = nil, true
			i++
		}
	}
	return dropped
}

// add notes one finding of a pattern. group is nil where nothing was matched.
func (s *search) add(i int, pos diag.Pos, path string, group func(string) string, fix *finding.Fix) error {
	if len(s.found) == MaxFindings {
		return &diag.Error{Pos: pos, Msg: fmt.Sprintf("text.search: more than %d findings of rule %s", MaxFindings, s.Rule),
			Hints: []string{"narrow the patterns, or the file set"}}
	}
	f := finding.Finding{Rule: s.Rule, Severity: s.severity, Pos: pos, Attr: s.Attr, Hints: s.Hints, Fix: fix}
	f.Msg = s.messages[i].expand(func(name string) string {
		switch {
		case group != nil && slices.Contains(groups(s.patterns[i]), name):
			return oneLine(group(name))
		case name == "match":
			return oneLine(group(name))
		case name == "path":
			return oneLine(path)
		}
		return oneLine(s.Patterns[i])
	})
	if strings.TrimSpace(f.Msg) == "" { // the match was empty, and the message has nothing else
		f.Msg = "matches " + clip(s.Patterns[i])
	}
	if group == nil {
		f.Declared = s.Patterns[i]
	} else {
		f.Found = strings.ToValidUTF8(group(""), "\ufffd")
		if len(f.Found) > maxFixBytes {
			f.Found = strings.ToValidUTF8(f.Found[:maxFixBytes], "")
		}
	}
	s.found = append(s.found, f)
	return nil
}

// report writes a line for each finding.
func (s *search) report(call action.Call) error {
	w, err := call.Create("report")
	if err != nil {
		return err
	}
	for _, f := range finding.Canonical(slices.Clone(s.found)) {
		line := f.Msg
		if !f.Pos.IsZero() {
			line = oneLine(f.Pos.String()) + ": " + line
		}
		if _, err := w.Write([]byte(line + "\n")); err != nil {
			return err
		}
	}
	return w.Close()
}
