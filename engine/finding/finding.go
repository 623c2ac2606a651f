// Package finding is what an action, or a Starlark file, has to say about its inputs: a value
// like any output.
//
// # Model
//
// An operation that can do its work succeeds, whatever it thinks of its inputs: it yields its outputs,
// and a set of findings. A set is canonical (sorted, each finding once), so equal sets have equal bytes.
// It is recorded and cached beside the outputs and told again by every build that the action belongs to;
// what a finding means for the exit code is for the command to decide.
//
// A position is in the operation's own terms, a path inside an input, until the engine makes
// it one of the workspace, and keeps the path inside the tree beside it (Path); Label is empty until then, too. So a set can be shared
// between targets, workspaces and machines.
//
// Encode and Decode are the form in which a set is kept: a JSON object on a line of its own for
// each finding.
package finding

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// Severity says how bad a finding is.
type Severity int

// The severities, from the least to the worst.
const (
	Note Severity = iota + 1
	Warning
	Error
)

var severityNames = [...]string{Note: "note", Warning: "warning", Error: "error"}

// String returns "note", "warning" or "error".
func (s Severity) String() string {
	if s < Note || s > Error {
		return fmt.Sprintf("severity %d", int(s))
	}
	return severityNames[s]
}

// MarshalText implements encoding.TextMarshaler.
func (s Severity) MarshalText() ([]byte, error) {
	if s < Note || s > Error {
		return nil, fmt.Errorf("there is no %s", s)
	}
	return []byte(s.String()), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Severity) UnmarshalText(text []byte) error {
	for i, name := range severityNames {
		if name != "" && name == string(text) {
			*s = Severity(i)
			return nil
		}
	}
	return fmt.Errorf("there is no severity %q", text)
}

// Finding is one thing that was found. Rule, Severity and Msg are always set.
type Finding struct {
	Rule     string   // id of what found it: "evidence", "print"
	Severity Severity //
	Label    string   // target that it is about; "" when none
	Pos      diag.Pos // zero when no file is to blame
	Path     string   // what the tree of Pos's file calls that file; "" when it calls it as Pos does
	Attr     string   // attribute of the target that is to blame; "" when none
	Msg      string   // as diag.Error.Msg
	Declared string   // what the target declares; "" when it is nothing that can be said in a value
	Found    string   // what was found instead, likewise
	Hints    []string // as diag.Error.Hints
	Fix      *Fix     // nil when it takes a person to know
}

// InTree returns what the tree that the finding is in calls its file, wherever that tree is; "" when it is in no file.
func (f *Finding) InTree() string {
	if f.Path != "" {
		return f.Path
	}
	return f.Pos.File
}

// Fix makes a finding go away. It is one of these:
//
//   - a command (Command), for a person to run;
//   - an edit of the target's declaration (Attr): the attribute, or the element of it ("exclude[2]"), becomes the
//     string Value, or goes (Remove). Where it is written Old, that is another way to write what the finding calls Declared;
//   - an edit of the file that the finding is in (Old): the text Old that begins at the finding's Pos becomes New.
type Fix struct {
	Command string `json:"command,omitempty"`
	Attr    string `json:"attr,omitempty"`
	Value   string `json:"value,omitempty"`
	Remove  bool   `json:"remove,omitempty"`
	Old     string `json:"old,omitempty"`
	New     string `json:"new,omitempty"`
}

// Edit reports whether the fix is an edit, which a program may make.
func (f *Fix) Edit() bool { return f != nil && f.Command == "" }

// compare orders fixes; nil is the first.
func (f *Fix) compare(g *Fix) int {
	if f == nil || g == nil {
		return cmp.Compare(btoi(f != nil), btoi(g != nil))
	}
	return cmp.Or(cmp.Compare(f.Command, g.Command), cmp.Compare(f.Attr, g.Attr), cmp.Compare(f.Value, g.Value),
		cmp.Compare(btoi(f.Remove), btoi(g.Remove)), cmp.Compare(f.Old, g.Old), cmp.Compare(f.New, g.New))
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Rule is a kind of finding, for documentation and for formats that describe the rules beside the findings.
type Rule struct {
	ID       string   // "evidence"
	Severity Severity // that its findings have, unless something declared says otherwise
	Title    string   // what it says, in one line: lower case, no full stop
	Help     string   // Markdown: what is looked at, why it matters, and what to do
	Group    string   // of the validations that find it, when they run only where their group is asked for: a waiver without use is none in other checks
}

// Diagnostic returns f in the shape of every message.
func (f Finding) Diagnostic() *diag.Error {
	return &diag.Error{Pos: f.Pos, Label: f.Label, Attr: f.Attr, Msg: f.Msg, Hints: slices.Clone(f.Hints)}
}

// Compare orders findings as a reader wants them: by target and place, then by the rest.
func Compare(a, b Finding) int {
	return cmp.Or(
		cmp.Compare(a.Label, b.Label),
		cmp.Compare(a.Pos.File, b.Pos.File), cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Col, b.Pos.Col),
		cmp.Compare(a.Rule, b.Rule), -cmp.Compare(a.Severity, b.Severity), cmp.Compare(a.Attr, b.Attr), cmp.Compare(a.Msg, b.Msg),
		cmp.Compare(a.Declared, b.Declared), cmp.Compare(a.Found, b.Found), slices.Compare(a.Hints, b.Hints), cmp.Compare(a.Path, b.Path), a.Fix.compare(b.Fix))
}

// Canonical returns the findings in order, each once. It may reorder its argument.
func Canonical(findings []Finding) []Finding {
	slices.SortFunc(findings, Compare)
	return slices.CompactFunc(findings, func(a, b Finding) bool { return Compare(a, b) == 0 })
}

// record is a Finding as it is kept.
type record struct {
	Rule     string   `json:"rule"`
	Severity Severity `json:"severity"`
	Label    string   `json:"label,omitempty"`
	File     string   `json:"file,omitempty"`
	Line     int      `json:"line,omitempty"`
	Col      int      `json:"col,omitempty"`
	Path     string   `json:"path,omitempty"`
	Attr     string   `json:"attr,omitempty"`
	Msg      string   `json:"msg"`
	Declared string   `json:"declared,omitempty"`
	Found    string   `json:"found,omitempty"`
	Hints    []string `json:"hints,omitempty"`
	Fix      *Fix     `json:"fix,omitempty"`
}

// Encode returns the canonical bytes of a set; nil for an empty one. It fails on text that is not UTF-8,
// which JSON cannot hold, and on a finding without a rule, a severity or a message.
func Encode(findings []Finding) ([]byte, error) {
	if len(findings) == 0 {
		return nil, nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	for _, f := range Canonical(slices.Clone(findings)) {
		if f.Rule == "" || f.Msg == "" {
			return nil, errors.New("a finding has no rule or no message")
		}
		r := record{f.Rule, f.Severity, f.Label, f.Pos.File, f.Pos.Line, f.Pos.Col, f.Path, f.Attr, f.Msg, f.Declared, f.Found, f.Hints, f.Fix}
		if err := e.Encode(r); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

// Decode is the inverse of Encode: bytes that Encode would not have written are an error.
func Decode(b []byte) ([]Finding, error) {
	if len(b) == 0 {
		return nil, nil
	}
	var out []Finding
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	for d.More() {
		var r record
		if err := d.Decode(&r); err != nil {
			return nil, err
		}
		out = append(out, Finding{r.Rule, r.Severity, r.Label, diag.Pos{File: r.File, Line: r.Line, Col: r.Col}, r.Path, r.Attr, r.Msg, r.Declared, r.Found, r.Hints, r.Fix})
	}
	if again, err := Encode(out); err != nil || !bytes.Equal(again, b) {
		return nil, errors.New("findings are not in their canonical form")
	}
	return out, nil
}
