package engine

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/eval"
	"github.com/sbomctl/sbomctl/engine/event"
	"github.com/sbomctl/sbomctl/engine/files"
	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/engine/label"
	"github.com/sbomctl/sbomctl/engine/star"
)

// Findings go their own way through the graph, beside the outputs, so that one that changes runs nothing
// again but what gathers them:
//
//	action ──► outputs ──► actions that read them ──► ... ──► request ──► placed
//	   └─────► findings ─► findings of those ───────► ... ───────┴──────► told, in every build
const (
	kindFindings = "findings" // the findings of a node and of all actions below it: []finding.Finding; see findingsKey
	kindPrints   = "prints"   // what a package's files printed: []finding.Finding; the argument is the package
)

// findingsKey is the node of the findings of of, which is an action, a validation or an index.
func findingsKey(of eval.Key) eval.Key {
	return eval.Key{Kind: kindFindings, Arg: of.Kind + " " + of.Arg}
}

func printsKey(pkg string) eval.Key { return eval.Key{Kind: kindPrints, Arg: pkg} }

// runFindings gathers the findings of a node and of all below it.
func (w *Workspace) runFindings(c *eval.Context, arg string) (eval.Result, error) {
	kind, arg, _ := strings.Cut(arg, " ")
	of := eval.Key{Kind: kind, Arg: arg}
	keys, err := w.actionsBelow(c.Get, of)
	if err != nil {
		return eval.Result{}, err
	}
	for i := range keys {
		keys[i] = findingsKey(keys[i])
	}
	objects, err := c.All(append(keys, of))
	if err != nil {
		return eval.Result{}, err
	}
	var all []finding.Finding
	for _, o := range objects {
		switch o := o.(type) {
		case []finding.Finding:
			all = append(all, o...)
		case *executed:
			all = append(all, o.findings...)
		case *archiveIndex:
			all = append(all, o.findings...)
		}
	}
	return eval.Result{Value: encodeFindings(all)}, nil
}

// actionsBelow returns the nodes that may have findings of their own and that of asks for. get is eval.Context.Get, or a session's.
func (w *Workspace) actionsBelow(get func(eval.Key) (any, error), of eval.Key) (keys []eval.Key, err error) {
	var refs []fileRef
	switch of.Kind {
	case kindRequest:
		o, err := get(targetKey(of.Arg))
		if err != nil {
			return nil, err
		}
		for _, f := range o.(*star.Target).Files() {
			refs = append(refs, w.fileRef(f))
		}
	case kindIndex:
		var t treeRef
		if err := json.Unmarshal([]byte(of.Arg), &t); err != nil {
			return nil, err
		}
		refs = append(refs, fileRef{Path: t.Path, Action: t.Action})
	default:
		o, err := get(eval.Key{Kind: kindDefinition, Arg: of.Arg})
		if err != nil {
			return nil, err
		}
		for _, in := range o.(*definition).Inputs {
			refs = append(refs, in.Files...)
		}
	}
	var made []fileRef
	for _, f := range refs {
		if f.Set != nil && f.Set.Tree.Path != "" {
			o, err := get(fileKey(f.Set.Tree.Path))
			if err != nil {
				return nil, err
			}
			if o.(files.State).Kind != files.Regular {
				continue // only a tree that is an archive has an index
			}
		}
		made = append(made, f)
	}
	return actionsOf(made), nil
}

// actionsOf returns the action and index nodes that make files, each once.
func actionsOf(refs []fileRef) (keys []eval.Key) {
	seen := map[eval.Key]bool{}
	for _, f := range refs {
		var k eval.Key
		switch {
		case f.Action != "":
			k = eval.Key{Kind: kindAction, Arg: f.Action}
		case f.Set != nil:
			k = indexKey(f.Set.Tree)
		default:
			continue
		}
		if !seen[k] {
			seen[k] = true
			keys = append(keys, k)
		}
	}
	return keys
}

// findings returns the findings of validations, and of requests that failed, and of all actions below them. Where one of those
// failed, what is below it is asked for by itself: that it was found does not depend on what came of it.
func (w *Workspace) findings(of []eval.Key) []finding.Finding {
	get := func(k eval.Key) (any, error) {
		o := w.session.Get([]eval.Key{k})[0]
		return o.Object, o.Err
	}
	var all []finding.Finding
	seen := map[eval.Key]bool{}
	for len(of) > 0 {
		keys := make([]eval.Key, len(of))
		for i, k := range of {
			keys[i] = findingsKey(k)
			if k.Kind == kindRequest {
				keys[i] = k // which failed
			}
		}
		var next []eval.Key
		for i, o := range w.session.Get(keys) {
			if o.Err == nil {
				all = append(all, o.Object.([]finding.Finding)...)
				continue
			}
			below, err := w.actionsBelow(get, of[i])
			if err != nil {
				continue // it has been told why
			}
			for _, k := range below {
				if !seen[k] {
					seen[k] = true
					next = append(next, k)
				}
			}
		}
		of = next
	}
	return finding.Canonical(all)
}

// tell says each finding, once in a process, and returns the errors among them as what they are to a build.
func (w *Workspace) tell(findings []finding.Finding) diag.List {
	var errs diag.List
	for _, f := range findings {
		errs = append(errs, w.say(Found{Finding: f})...)
	}
	return errs
}

// say is tell for one finding. For a report it is only kept.
func (w *Workspace) say(f Found) diag.List {
	_, told := w.said.LoadOrStore(string(encodeFindings([]finding.Finding{f.Finding})), f.Finding)
	switch {
	case w.checks:
		return nil
	case !told:
		w.opt.Events.Emit(event.Found{Finding: f.Finding, Declaration: f.Declaration, Told: f.Diagnostic()})
	}
	if f.Severity == finding.Error {
		d := f.Finding.Diagnostic()
		if f.Fix != nil && f.Fix.Command != "" {
			d.Hints = append(d.Hints, f.Fix.Command)
		}
		return diag.List{d}
	}
	return nil
}

// Tell says what a command found that works on a target's inputs outside of a build.
func (w *Workspace) Tell(l label.Label, findings []finding.Finding) {
	findings = slices.Clone(findings)
	for i := range findings {
		findings[i].Label = l.String()
	}
	w.tell(finding.Canonical(findings))
}

// runPrints picks what was printed out of a package, so that nothing else of it matters to what is above.
func (w *Workspace) runPrints(c *eval.Context, pkg string) (eval.Result, error) {
	o, err := c.Get(packageKey(pkg))
	if err != nil {
		return eval.Result{}, err
	}
	return eval.Result{Value: encodeFindings(printed(o.(*star.Package).Warnings))}, nil
}

// printed are the findings that lines of print() are.
func printed(lines []string) []finding.Finding {
	var out []finding.Finding
	for _, l := range lines {
		f := finding.Finding{Rule: PrintRule.ID, Severity: PrintRule.Severity, Msg: event.Printable(l)}
		if m := printedAt.FindStringSubmatch(f.Msg); m != nil {
			line, _ := strconv.Atoi(m[2])
			col, _ := strconv.Atoi(m[3])
			f.Pos, f.Msg = diag.Pos{File: m[1], Line: line, Col: col}, m[4]
		}
		out = append(out, f)
	}
	return out
}

// printedAt takes the position off what was printed; see star.Package.Warnings.
var printedAt = regexp.MustCompile(`^(.+?):(\d{1,9}):(\d{1,9}): (.+)$`)

// PrintRule describes what Starlark files print.
var PrintRule = finding.Rule{
	ID: "print", Severity: finding.Warning,
	Title: "a Starlark file prints something",
	Help:  "What `print()` is told in a `BUILD.star`, a macro or a rule. It is for what whoever maintains the workspace should know, such as that a macro is to go; remove the call when it was for debugging.",
}

// encodeFindings encodes findings that were checked when they came into the graph.
func encodeFindings(findings []finding.Finding) []byte {
	b, err := finding.Encode(findings)
	if err != nil {
		panic(err) // which becomes an internal error of the node
	}
	return b
}

func decodeFindings(value []byte) (any, error) { return finding.Decode(value) }
