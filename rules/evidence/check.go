package evidence

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/files"
)

// Params are the parameters of the operation "evidence.check".
type Params struct {
	Label    string   `json:"label"` // target whose declaration is checked
	Declared Declared `json:"declared"`
	Rules    []Rule   `json:"rules"`
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
	Declared Declared  `json:"declared"`
	Findings []Finding `json:"findings"`
}

// Finding is one fact that a file of the tree states.
type Finding struct {
	Path   string `json:"path"`
	Line   int    `json:"line"`   // from 1
	Column int    `json:"column"` // from 1, in bytes
	Fact   string `json:"fact"`   // "version", "sha256" or "revision"
	Value  string `json:"value"`
}

// Operation returns "evidence.check": input "files" (the files of the tree that the rules
// name), output "report" (a Report as JSON). A contradiction fails it, so that a report only
// exists where everything agrees.
func Operation() action.Operation {
	return action.Operation{Name: "evidence.check", Version: 1, Run: run}
}

func run(ctx context.Context, call action.Call) error {
	var p Params
	if err := call.Params(&p); err != nil {
		return err
	}
	c := &checker{call: call, params: p, report: Report{Declared: p.Declared, Findings: []Finding{}}, content: map[string][]byte{}}
	for _, r := range p.Rules {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := c.rule(ctx, r); err != nil {
			return err
		}
	}
	if err := c.errs.Err(); err != nil {
		return err
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
		w.Close()
		return err
	}
	return w.Close()
}

// checker collects what the rules of one target find.
type checker struct {
	call    action.Call
	params  Params
	report  Report
	errs    diag.List
	content map[string][]byte // of the files read so far: several rules often read one file
}

// add notes an error of the declaration or the tree; the label is the target's.
func (c *checker) add(err error) {
	for _, e := range diag.Flatten(err) {
		var d *diag.Error
		if !errors.As(e, &d) {
			continue
		}
		d.Label = c.params.Label
	}
	c.errs = append(c.errs, err)
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
	found := false
	for _, f := range named {
		if err := ctx.Err(); err != nil {
			return err
		}
		content, ok, err := c.read(f, r)
		if err != nil {
			return err
		}
		if !ok {
			found = true // said already; "not found" would be a guess
			continue
		}
		facts, err := pat.search(f.Path, content)
		if err != nil {
			found = true
			c.add(err)
			continue
		}
		for _, fact := range facts {
			found = true
			c.compare(f.Path, content, fact, r)
		}
	}
	if !found {
		where := named[0].Path
		if len(named) > 1 {
			where = fmt.Sprintf("any of the %d files of %s", len(named), r.Path)
		}
		d := &diag.Error{Pos: diag.File(named[0].Path), Msg: fmt.Sprintf("evidence not found: pattern %s matches nothing in %s", clip(r.Pattern), where),
			Hints: []string{"look how the file states it now, and change the pattern"}}
		c.add(d)
	}
	return nil
}

// read returns a file's bytes; not ok means that it is too large, which has been noted.
func (c *checker) read(f action.File, r Rule) (content []byte, ok bool, err error) {
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

// compare records a fact and notes whether the declaration contradicts it.
func (c *checker) compare(path string, content []byte, f fact, r Rule) {
	pos := diag.At(path, content, f.at)
	c.report.Findings = append(c.report.Findings, Finding{path, pos.Line, pos.Col, f.name, f.value})
	attr, declared := f.name, c.params.Declared.Version
	equal := f.value == declared
	switch {
	case f.name == sha256:
		declared = c.params.Declared.SHA256
		equal = strings.EqualFold(f.value, declared)
	case f.name == revision && c.params.Declared.Revision != "":
		declared = c.params.Declared.Revision
		equal = f.value == declared
	case f.name == revision:
		attr = version
	}
	if equal && declared != "" {
		return
	}
	msg := fmt.Sprintf("%s is %s here, but %s is declared", f.name, clip(f.value), clip(declared))
	if declared == "" {
		msg = fmt.Sprintf("%s is %s here, but none is declared", f.name, clip(f.value))
	}
	c.add(&diag.Error{
		Pos:   pos,
		Attr:  attr,
		Msg:   msg,
		Hints: []string{fmt.Sprintf("if the tree is right, set %s = %s in %s", attr, clip(f.value), c.params.Label)},
	})
}
