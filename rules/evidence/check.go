package evidence

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/files"
	"github.com/sbomctl/sbomctl/engine/finding"
)

// Params are the parameters of the operation "evidence.check".
type Params struct {
	Label    string   `json:"label"` // target whose declaration is checked, for hints
	Declared Declared `json:"declared"`
	Rules    []Rule   `json:"rules"`

	// Beside says that the version is written elsewhere in the declaration too, as in the tag of a URL, and Checksum that a checksum
	// is declared. What an edit of the version would leave behind, makes a bump the fix.
	Beside   bool `json:"beside,omitempty"`
	Checksum bool `json:"checksum,omitempty"`
}

// Declared is what the target says of itself; "" is not declared.
type Declared struct {
	Version  string `json:"version"`
	SHA256   string `json:"sha256"`
	Revision string `json:"revision"`
}

// Rule is one regex() of the target.
type Rule struct {
	Path    string `json:"path"`    // a file of the tree, or a pattern as in srcs
	Pattern string `json:"pattern"` // RE2 with named groups, see the package comment
}

// Report is what was found, in the order of the rules, then of the files, then within a file.
type Report struct {
	Declared Declared `json:"declared"`
	Facts    []Fact   `json:"facts"`
}

// Fact is one thing that a file of the tree states.
type Fact struct {
	Path   string `json:"path"`
	Line   int    `json:"line"`   // from 1
	Column int    `json:"column"` // from 1, in bytes
	Fact   string `json:"fact"`   // "version", "sha256" or "revision"
	Value  string `json:"value"`
}

// RuleID is the rule of this package's findings.
const RuleID = "evidence"

// Operation returns "evidence.check": input "files" (the files of the tree that the rules
// name), output "report" (a Report as JSON). What contradicts the declaration, and evidence that proves nothing, are
// findings: errors.
func Operation() action.Operation {
	return action.Operation{Name: "evidence.check", Version: 4, Run: run}
}

// Operations returns the operations of this package.
func Operations() []action.Operation {
	return []action.Operation{Operation(), {Name: "evidence.recipes", Version: 2, Run: runRecipes}}
}

func run(ctx context.Context, call action.Call) error {
	var p Params
	if err := call.Params(&p); err != nil {
		return err
	}
	var found []finding.Finding
	c := &checker{call: call, tell: func(f finding.Finding) { found = append(found, f) }, compares: true, params: p, report: Report{Declared: p.Declared, Facts: []Fact{}}, content: map[string][]byte{}}
	if err := c.look(ctx); err != nil {
		return err
	}
	for _, f := range c.settle(found) {
		call.Report(f)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(c.report); err != nil {
		return err
	}
	w, err := call.Create("report")
	if err != nil {
		return err
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return err
	}
	return w.Close()
}

// Facts returns what the files of an "evidence.check" state, whatever is declared. Evidence that cannot be found is an error, beside what was
// found.
func Facts(ctx context.Context, call action.Call) ([]Fact, error) {
	var p Params
	if err := call.Params(&p); err != nil {
		return nil, err
	}
	var errs diag.List
	c := &checker{call: call, params: p, content: map[string][]byte{}, tell: func(f finding.Finding) {
		d := f.Diagnostic()
		d.Label = p.Label
		errs = append(errs, d)
	}}
	if err := c.look(ctx); err != nil {
		return nil, err
	}
	return c.report.Facts, errs.Err()
}

// checker collects what the rules of one target find.
type checker struct {
	call     action.Call
	tell     func(finding.Finding)
	compares bool // what is found with what is declared
	params   Params
	report   Report
	content  map[string][]byte // of the files read so far: several rules often read one file
}

// look looks for all patterns.
func (c *checker) look(ctx context.Context) error {
	for _, r := range c.params.Rules {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := c.rule(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// add reports what is wrong with the declaration or the tree.
func (c *checker) add(err error) {
	for _, e := range diag.Flatten(err) {
		f := finding.Finding{Rule: RuleID, Severity: finding.Error, Msg: e.Error()}
		if d, ok := e.(*diag.Error); ok {
			f.Pos, f.Attr, f.Msg, f.Hints = d.Pos, d.Attr, d.Msg, d.Hints
		}
		c.tell(f)
	}
}

// rule looks for one pattern. It returns an error only when nothing more can be checked.
func (c *checker) rule(ctx context.Context, r Rule) error {
	pat, err := compile(r.Pattern)
	if err != nil {
		c.add(err)
		return nil
	}
	set, err := files.Compile([]string{r.Path}, nil)
	if err != nil {
		c.add(err)
		return nil
	}
	var named []action.File
	for _, f := range c.call.Files("files") {
		if _, ok := set.Match(f.Path); ok {
			named = append(named, f)
		}
	}
	if len(named) == 0 {
		var paths []string
		for _, f := range c.call.Files("files") {
			paths = append(paths, f.Path)
		}
		c.add(&diag.Error{Msg: fmt.Sprintf("evidence names %s, but the tree has no such file%s", clip(r.Path), diag.DidYouMean(r.Path, paths))})
		return nil
	}
	said := false // why there may be no evidence
	var all []placedFact
	for _, f := range named {
		if err := ctx.Err(); err != nil {
			return err
		}
		content, ok, err := c.read(f)
		if err != nil {
			return err
		}
		if !ok {
			said = true
			continue
		}
		facts, err := pat.search(f.Path, content)
		if err != nil {
			said = true
			c.add(err)
			continue
		}
		for _, fact := range facts {
			pos := diag.At(f.Path, content, fact.at)
			c.report.Facts = append(c.report.Facts, Fact{f.Path, pos.Line, pos.Col, fact.name, fact.value})
			all = append(all, placedFact{fact, pos})
		}
	}
	if len(all) == 0 && !said {
		where := named[0].Path
		if len(named) > 1 {
			where = fmt.Sprintf("any of the %d files of %s", len(named), r.Path)
		}
		c.add(&diag.Error{Pos: diag.File(named[0].Path), Msg: fmt.Sprintf("evidence not found: pattern %s matches nothing in %s", clip(r.Pattern), where),
			Hints: []string{"look how the file states it now, and change the pattern"}})
	}
	if !c.compares {
		return nil
	}
	for _, name := range []string{version, sha256, revision} {
		c.compare(name, slices.DeleteFunc(slices.Clone(all), func(f placedFact) bool { return f.name != name }), r)
	}
	return nil
}

// placedFact is a fact and where a user finds it.
type placedFact struct {
	fact
	pos diag.Pos
}

// read returns a file's bytes; not ok means that it is too large, which has been noted.
func (c *checker) read(f action.File) (content []byte, ok bool, err error) {
	if content, ok := c.content[f.Path]; ok {
		return content, true, nil
	}
	if f.Digest.Size > MaxFileBytes {
		c.add(&diag.Error{Pos: diag.File(f.Path), Msg: fmt.Sprintf("evidence is looked for in a file of %d bytes, expected at most %d", f.Digest.Size, MaxFileBytes)})
		return nil, false, nil
	}
	content, err = c.call.Read(f, MaxFileBytes)
	if err != nil {
		return nil, false, err
	}
	c.content = map[string][]byte{f.Path: content} // one file at a time: a hundred large ones would not fit
	return content, true, nil
}

// compare reports where facts of one name, all from one rule, contradict the declaration. Facts that contradict each other
// say nothing of what is right: then the pattern is to blame.
func (c *checker) compare(name string, facts []placedFact, r Rule) {
	attr, declared := name, c.params.Declared.Version
	same := func(a, b string) bool { return a == b }
	switch {
	case name == sha256:
		declared, same = c.params.Declared.SHA256, strings.EqualFold
	case name == revision && c.params.Declared.Revision != "":
		declared = c.params.Declared.Revision
	case name == revision:
		attr = version
	}
	var wrong []placedFact
	several := false
	for _, f := range facts {
		if declared == "" || !same(f.value, declared) {
			wrong = append(wrong, f)
		}
		several = several || !same(f.value, facts[0].value)
	}
	if len(wrong) == 0 {
		return
	}
	if several {
		c.tooLoose(name, facts, wrong[0].pos, r)
		return
	}
	for _, f := range wrong {
		msg := fmt.Sprintf("%s is %s here, but %s is declared", name, clip(f.value), clip(declared))
		if declared == "" {
			msg = fmt.Sprintf("%s is %s here, but none is declared", name, clip(f.value))
		}
		out := finding.Finding{Rule: RuleID, Severity: finding.Error, Pos: f.pos, Attr: attr, Msg: msg, Declared: declared, Found: strings.ToValidUTF8(f.value, "\ufffd"),
			Hints: []string{fmt.Sprintf("if the tree is right, set %s = %s in %s", attr, clip(f.value), c.params.Label)}}
		if utf8.ValidString(f.value) {
			out.Fix = &finding.Fix{Attr: attr, Value: f.value}
		}
		c.tell(out)
	}
}

// settle makes a bump the fix of what contradicts the version where the edit of one attribute would leave the others behind.
func (c *checker) settle(found []finding.Finding) []finding.Finding {
	command := ""
	for _, f := range found {
		if f.Fix != nil && f.Attr == version && (c.params.Beside || c.params.Checksum && !c.sameSum()) && word.MatchString(f.Fix.Value) {
			command = "sbomctl bump " + c.params.Label + " " + f.Fix.Value
		}
	}
	if command == "" {
		return found
	}
	for i, f := range found {
		if f.Fix != nil && (f.Attr == version || f.Attr == sha256) {
			found[i].Fix = &finding.Fix{Command: command}
			found[i].Hints = []string{"if the tree is right, version, URL and checksum of the declaration move together"}
		}
	}
	return found
}

// sameSum reports whether the tree states the checksum that is declared: then it is not the one of another version.
func (c *checker) sameSum() bool {
	stated := false
	for _, f := range c.report.Facts {
		if f.Fact == sha256 {
			if !strings.EqualFold(f.Value, c.params.Declared.SHA256) {
				return false
			}
			stated = true
		}
	}
	return stated
}

// word is a version that a shell takes as it is.
var word = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._+-]*$`)

// maxNamed is how many of the places are named that a loose pattern matches.
const maxNamed = 3

// tooLoose reports a pattern whose matches do not agree, at the first that is not what is declared.
func (c *checker) tooLoose(name string, facts []placedFact, pos diag.Pos, r Rule) {
	var places []string
	seen := map[string]bool{}
	for _, f := range facts {
		if !seen[f.value] && len(places) < maxNamed {
			seen[f.value] = true
			places = append(places, fmt.Sprintf("%s at %s", clip(f.value), f.pos))
		}
	}
	c.add(&diag.Error{Pos: pos, Attr: "evidence",
		Msg:   fmt.Sprintf("pattern %s is too loose: it matches %d places that state %s differently, %s", clip(r.Pattern), len(facts), name, strings.Join(places, ", ")),
		Hints: []string{fmt.Sprintf("narrow the pattern until it matches only where the tree states the %s of the package", name)}})
}
