package evidence

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

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
	// Written are the texts of the declaration that may have the version in them, as the tag of a URL, and Checksum says that a checksum
	// is declared. What an edit of the version would leave behind, makes a bump the fix.
	Written  []string `json:"written,omitempty"`
	Checksum bool     `json:"checksum,omitempty"`
	// Only are the facts that are compared; none: all.
	Only []string `json:"only,omitempty"`
}

// Rule is one regex() or absent() of the target.
type Rule struct {
	Path    string            `json:"path"`             // a file of the tree, or a pattern as in srcs
	Pattern string            `json:"pattern"`          // RE2 with named groups, see the package comment
	Facts   map[string]string `json:"facts,omitempty"`  // fact -> template of it, see the package comment
	Absent  bool              `json:"absent,omitempty"` // the pattern must match nothing
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
	Fact   string `json:"fact"`   // one of version, sha256, url, ...
	Value  string `json:"value"`
}

// RuleID is the rule of this package's findings.
const RuleID = "evidence"

// Operation returns "evidence.check": input "files" (the files of the tree that the rules
// name), output "report" (a Report as JSON). What contradicts the declaration, and evidence that proves nothing, are
// findings: errors.
func Operation() action.Operation {
	return action.Operation{Name: "evidence.check", Version: 5, Run: run}
}

// Operations returns the operations of this package.
func Operations() []action.Operation {
	return []action.Operation{Operation(), {Name: "evidence.recipes", Version: 3, Run: runRecipes}, {Name: "evidence.url", Version: 1, Run: runURL}}
}

func run(ctx context.Context, call action.Call) error {
	var p Params
	if err := call.Params(&p); err != nil {
		return err
	}
	if err := declaredWheel(call, &p.Declared); err != nil {
		return err
	}
	var found []finding.Finding
	c := &checker{call: call, input: inputFiles, tell: func(f finding.Finding) { found = append(found, f) }, compares: true, params: p, report: Report{Declared: p.Declared, Facts: []Fact{}}, content: map[string][]byte{}}
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
	return Find(ctx, call, inputFiles, p.Label, p.Rules)
}

// declaredWheel takes what a wheel says of itself for what is declared, where the input "wheel" is there.
func declaredWheel(call action.Call, d *Declared) error {
	in := call.Files("wheel")
	if len(in) == 0 {
		return nil
	}
	const max = 4 << 20
	data, err := call.Read(in[0], max)
	if err != nil {
		return err
	}
	var w struct {
		Package struct {
			Name    string `json:"name"`
			Version string `json:"version"`
			SHA256  string `json:"sha256"`
		} `json:"package"`
	}
	if err := json.Unmarshal(data, &w); err != nil {
		return fmt.Errorf("input \"wheel\" is no description of a wheel: %w", err)
	}
	d.Version, d.Name, d.SHA256 = w.Package.Version, w.Package.Name, w.Package.SHA256
	return nil
}

// inputFiles is the input of "evidence.check".
const inputFiles = "files"

// Find returns what the files of an input state by rules, each fact at its place. Evidence that cannot be found is an error of the target,
// beside what was found.
func Find(ctx context.Context, call action.Call, input, label string, rules []Rule) ([]Fact, error) {
	var errs diag.List
	c := &checker{call: call, input: input, params: Params{Label: label, Rules: rules}, content: map[string][]byte{}, tell: func(f finding.Finding) {
		d := f.Diagnostic()
		d.Label = label
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
	input    string // with the files
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
	var pat *pattern
	if !r.Absent {
		var err error
		if pat, err = compile(r); err != nil {
			c.add(err)
			return nil
		}
	}
	set, err := files.Compile([]string{r.Path}, nil)
	if err != nil {
		c.add(err)
		return nil
	}
	var named []action.File
	for _, f := range c.call.Files(c.input) {
		if _, ok := set.Match(f.Path); ok {
			named = append(named, f)
		}
	}
	if len(named) == 0 {
		var paths []string
		for _, f := range c.call.Files(c.input) {
			paths = append(paths, f.Path)
		}
		c.add(&diag.Error{Msg: fmt.Sprintf("evidence names %s, but the tree has no such file%s", clip(r.Path), diag.DidYouMean(r.Path, paths))})
		return nil
	}
	if r.Absent {
		return c.absent(ctx, r, named)
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
		found, err := pat.search(f.Path, content)
		if err != nil {
			said = true
			c.add(err)
			continue
		}
		for _, fact := range found {
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
	for _, name := range facts {
		if len(c.params.Only) > 0 && !slices.Contains(c.params.Only, name) {
			continue
		}
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

// line is the line of a match, from where that begins.
func line(content []byte, m []int) string {
	end := bytes.IndexByte(content[m[0]:], '\n')
	if end < 0 {
		end = len(content) - m[0]
	}
	return strings.TrimSpace(string(content[m[0] : m[0]+min(end, 200)]))
}

// absent reports where a file states what it is declared not to.
func (c *checker) absent(ctx context.Context, r Rule, named []action.File) error {
	re, err := compileAny(r.Pattern)
	if err != nil {
		c.add(err)
		return nil
	}
	for _, f := range named {
		if err := ctx.Err(); err != nil {
			return err
		}
		content, ok, err := c.read(f)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		matches := re.FindAllIndex(content, maxNamed+1)
		for i, m := range matches {
			pos := diag.At(f.Path, content, m[0])
			if i == maxNamed {
				c.add(&diag.Error{Pos: pos, Attr: "evidence", Msg: "and at more places"})
				break
			}
			found := strings.ToValidUTF8(line(content, m), "\ufffd")
			c.tell(finding.Finding{Rule: RuleID, Severity: finding.Error, Pos: pos, Attr: "evidence", Found: found, Msg: fmt.Sprintf("%s is stated here, and absent() says that nothing is", clip(found)),
				Hints: []string{"if the tree states it now, write regex(...) instead, with a group for it; if this is something else, narrow the pattern"}})
		}
	}
	return nil
}
