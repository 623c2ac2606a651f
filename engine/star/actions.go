package star

import (
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strings"

	"go.starlark.net/starlark"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/label"
)

// actionInProgress is an action of the target under analysis.
type actionInProgress struct {
	operation, mnemonic, params string
	validation                  bool
	group                       string            // of a validation
	inputs                      []inputInProgress // sorted by name
	outputs                     []Output          // sorted by name
}

// what names an action in messages.
func (a *actionInProgress) what() string {
	if a.operation == OpCommand {
		return "command " + a.mnemonic
	}
	return a.operation
}

type inputInProgress struct {
	name string
	refs []starlark.Value // *artifactValue, *fileSetValue or *treeValue
}

// actionsValue is ctx.actions.
type actionsValue struct{ an *analysis }

func (*actionsValue) String() string        { return "<ctx.actions>" }
func (*actionsValue) Type() string          { return "ctx.actions" }
func (*actionsValue) Freeze()               {}
func (*actionsValue) Truth() starlark.Bool  { return true }
func (*actionsValue) Hash() (uint32, error) { return 0, faultf("unhashable type: ctx.actions") }

var actionNames = []string{"declare_output", "fileset", "members", "run", "run_container", "tree", "validate", "write"}

func (*actionsValue) AttrNames() []string { return actionNames }

func (a *actionsValue) Attr(name string) (starlark.Value, error) {
	var fn func(*starlark.Thread, starlark.Tuple, []starlark.Tuple) (starlark.Value, error)
	switch name {
	case "declare_output":
		fn = a.an.declareOutput
	case "run":
		fn = a.an.run
	case "run_container":
		fn = a.an.runContainer
	case "validate":
		fn = a.an.validate
	case "write":
		fn = a.an.write
	case "tree":
		fn = a.an.tree
	case "fileset":
		fn = a.an.fileset
	case "members":
		fn = a.an.members
	default:
		return nil, nil
	}
	return starlark.NewBuiltin(name, func(t *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if a.an.done {
			return nil, faultf("ctx.actions.%s can only be called while the rule's implementation runs", name)
		}
		return fn(t, args, kwargs)
	}), nil
}

// declareOutput is declare_output(name, attr = None): a file below the package's output directory. attr is the
// attribute that a bad name comes from.
func (an *analysis) declareOutput(t *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var name, attr string
	if err := starlark.UnpackArgs("declare_output", args, kwargs, "name", &name, "attr?", &attr); err != nil {
		return nil, err
	}
	if err := label.CheckName(name); err != nil && name != "all" {
		_, why, _ := strings.Cut(message(err), ": its name ")
		return nil, at(attr, faultf("declare_output: %q is not an output's name: it %s", name, why))
	}
	own := an.in.Declaration.Label
	path := label.Label{Pkg: own.Pkg, Name: name}.Path()
	if first := an.outputs[path]; first != nil {
		return nil, faultf("output %q is claimed twice by %s; first at %s", path, own, first.claim.pos)
	}
	a := &artifactValue{Artifact: Artifact{Owner: own, Path: path, Action: -1}, claim: &claim{pos: callerPos(t)}}
	an.outputs[path] = a
	an.declared = append(an.declared, a)
	return a, nil
}

// run is run(operation, params = {}, inputs = {}, outputs = {}, mnemonic = "").
func (an *analysis) run(t *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var params, inputs, outputs *starlark.Dict
	a := &actionInProgress{}
	if err := starlark.UnpackArgs("run", args, kwargs, "operation", &a.operation, "params?", &params, "inputs?", &inputs,
		"outputs?", &outputs, "mnemonic?", &a.mnemonic); err != nil {
		return nil, err
	}
	if outputs == nil || outputs.Len() == 0 {
		return nil, &fault{msg: fmt.Sprintf("run: action %s has no output", a.operation),
			hints: []string{"an action that only checks something is ctx.actions.validate(...)"}}
	}
	return starlark.None, an.add("run", a, params, inputs, outputs)
}

// validate is validate(operation, params = {}, inputs = {}, mnemonic = "", group = ""): an action that
// checks something and writes nothing that a user sees.
func (an *analysis) validate(t *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var params, inputs *starlark.Dict
	a := &actionInProgress{validation: true}
	if err := starlark.UnpackArgs("validate", args, kwargs, "operation", &a.operation, "params?", &params, "inputs?", &inputs,
		"mnemonic?", &a.mnemonic, "group?", &a.group); err != nil {
		return nil, err
	}
	if a.group != "" && !groupName.MatchString(a.group) {
		return nil, faultf("validate: %q is not the name of a group, such as %q", a.group, "deterministic")
	}
	return starlark.None, an.add("validate", a, params, inputs, nil)
}

// write is write(output, content): a file with that text.
func (an *analysis) write(t *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var output *artifactValue
	var content starlark.String
	if err := starlark.UnpackArgs("write", args, kwargs, "output", &output, "content", &content); err != nil {
		return nil, err
	}
	params, outputs := starlark.NewDict(1), starlark.NewDict(1)
	_ = params.SetKey(starlark.String("content"), content) // a new dict and a string: cannot fail
	_ = outputs.SetKey(starlark.String("out"), output)
	return starlark.None, an.add("write", &actionInProgress{operation: OpWrite, mnemonic: "Write"}, params, nil, outputs)
}

var operationName = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$`)

// groupName is what a group of validations may be called.
var groupName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

const maxActions = 100_000

// add checks an action and appends it.
func (an *analysis) add(fn string, a *actionInProgress, params, inputs, outputs *starlark.Dict) error {
	if !operationName.MatchString(a.operation) {
		return faultf("%s: %q is not an operation's name, such as %q", fn, a.operation, "spdx.base")
	}
	if an.in.Operation != nil {
		if err := an.in.Operation(a.operation); err != nil {
			return prefix(fn+": ", err)
		}
	}
	if a.mnemonic == "" {
		a.mnemonic = a.operation
	}
	a.params = "{}"
	if params != nil {
		var err error
		if a.params, err = canonicalJSON(params); err != nil {
			return prefix(fn+": params: ", err)
		}
	}
	if inputs != nil {
		for k, v := range inputs.Entries() {
			name, ok := starlark.AsString(k)
			if !ok {
				return faultf("%s: inputs must be a dict from names to files", fn)
			}
			refs, err := an.refs(v, 0)
			if err != nil {
				return prefix(fmt.Sprintf("%s: input %q: ", fn, name), err)
			}
			a.inputs = append(a.inputs, inputInProgress{name, refs})
		}
	}
	return an.append(fn, a, outputs)
}

// append appends an action that is whole but for its outputs.
func (an *analysis) append(fn string, a *actionInProgress, outputs *starlark.Dict) error {
	if len(an.out.actions) >= maxActions {
		return faultf("%s: the target has more than %d actions", fn, maxActions)
	}
	if an.params += len(a.params); an.params > maxResult {
		return faultf("%s: the parameters of the target's actions take more than %d MiB", fn, maxResult>>20)
	}
	sort.Slice(a.inputs, func(i, j int) bool { return a.inputs[i].name < a.inputs[j].name })
	if outputs != nil {
		for k, v := range outputs.Entries() {
			name, ok1 := starlark.AsString(k)
			out, ok2 := v.(*artifactValue)
			if !ok1 || !ok2 {
				return faultf("%s: outputs must be a dict from names to what declare_output returned", fn)
			}
			if out.claim == nil || an.outputs[out.Path] != out {
				return faultf("%s: output %q: %s is not an output that this target declared", fn, name, out)
			}
			if by := out.claim.action; by != nil {
				return faultf("%s: output %q is written by two actions, %s and %s", fn, out.Path, by.what(), a.what())
			}
			out.claim.action, out.claim.index, out.Output = a, len(an.out.actions), name
			a.outputs = append(a.outputs, Output{name, out.Path})
		}
		sort.Slice(a.outputs, func(i, j int) bool { return a.outputs[i].Name < a.outputs[j].Name })
	}
	an.out.actions = append(an.out.actions, a)
	return nil
}

// refs flattens what may be given as an input: a file, file set, tree, target (its files), or a list of these.
func (an *analysis) refs(v starlark.Value, depth int) ([]starlark.Value, error) {
	switch v := v.(type) {
	case *artifactValue:
		return []starlark.Value{v}, an.usable(v)
	case *fileSetValue:
		return []starlark.Value{v}, an.usable(v.tree.archive)
	case *treeValue:
		return []starlark.Value{v}, an.usable(v.archive)
	case *targetValue:
		files := v.t.outputs()
		out := make([]starlark.Value, len(files))
		for i, f := range files {
			out[i] = f
		}
		return out, nil
	case *starlark.List, starlark.Tuple:
		if depth > 1 {
			break
		}
		seq := v.(starlark.Indexable)
		out := make([]starlark.Value, 0, seq.Len())
		for i := range seq.Len() {
			refs, err := an.refs(seq.Index(i), depth+1)
			if err != nil {
				return nil, err
			}
			out = append(out, refs...)
		}
		return out, nil
	}
	return nil, faultf("expected a file, file set, tree, target or a list of these, got %s", article(v.Type()))
}

// usable refuses an output of this target that no action writes yet. Since actions can only use what
// earlier ones write, they cannot form a cycle.
func (an *analysis) usable(a *artifactValue) error {
	if a != nil && a.claim != nil && a.claim.action == nil {
		return &fault{msg: fmt.Sprintf("%s is used before an action writes it", a),
			hints: []string{"put the action that writes it first"}}
	}
	return nil
}

// tree is tree(path = ... | archive = file, strip_prefix = None): None stands for the
// archive's single top-level directory, "." for the archive as it is.
func (an *analysis) tree(t *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var path string
	var archive, strip starlark.Value
	if err := starlark.UnpackArgs("tree", args, kwargs, "path?", &path, "archive?", &archive, "strip_prefix?", &strip); err != nil {
		return nil, err
	}
	if path != "/" {
		path = strings.TrimSuffix(path, "/")
	}
	tree := &treeValue{Tree: Tree{Owner: an.in.Declaration.Label, Path: path}}
	switch a := archive.(type) {
	case nil, starlark.NoneType:
	case *artifactValue:
		tree.archive = a
	case *targetValue:
		files := a.files()
		if files.Len() != 1 {
			return nil, faultf("tree: %s has %d files, and an archive is one", a.t.describe(), files.Len())
		}
		tree.archive = files.Index(0).(*artifactValue)
	default:
		return nil, faultf("tree: archive must be a file, not %s", article(archive.Type()))
	}
	if (path == "") == (tree.archive == nil) {
		return nil, faultf("tree: exactly one of path and archive must be given")
	}
	if err := an.usable(tree.archive); err != nil {
		return nil, prefix("tree: ", err)
	}
	if path != "" && path != "." {
		if err := CheckPath(path); err != nil {
			return nil, prefix("tree: ", err)
		}
	}
	switch s := strip.(type) {
	case nil, starlark.NoneType:
		tree.AutoStrip = true
	case starlark.String:
		if tree.StripPrefix = strings.TrimSuffix(string(s), "/"); tree.StripPrefix == "." {
			tree.StripPrefix = ""
		}
		if tree.StripPrefix != "" {
			if err := CheckPath(tree.StripPrefix); err != nil {
				return nil, prefix("tree: strip_prefix: ", err)
			}
		}
	default:
		return nil, faultf("tree: strip_prefix must be a string or None, not %s", article(strip.Type()))
	}
	return tree, nil
}

// CheckPath says what keeps s from being a clean relative path. Unlike a label's name it may have
// any character but NUL and backslash.
func CheckPath(s string) error {
	var why string
	switch {
	case s == "":
		return &diag.Error{Msg: "the path is empty"}
	case strings.HasPrefix(s, "/"):
		why = "is absolute; a relative path is expected"
	case strings.ContainsAny(s, "\x00\\"):
		why = "has a backslash or NUL"
	}
	for seg := range strings.SplitSeq(s, "/") {
		switch {
		case why != "":
		case seg == "" || seg == ".":
			why = `has an empty segment or "."`
		case seg == "..":
			why = "leaves its directory"
		}
	}
	if why == "" {
		return nil
	}
	return &diag.Error{Msg: fmt.Sprintf("path %q %s", s, why)}
}

// fileset is fileset(tree, include, exclude = [], require_all = True, links = "follow", include_attr = None, exclude_attr = None). The
// last two say where the patterns come from, to which errors of them are reported: an attribute whose element i
// is pattern i, or a list with an attribute, or an element of one ("evidence[2]"), for each pattern.
func (an *analysis) fileset(t *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	f := &fileSetValue{set: FileSet{RequireAll: true}}
	var include, exclude *starlark.List
	var includeAttr, excludeAttr starlark.Value
	links := ""
	err := starlark.UnpackArgs("fileset", args, kwargs, "tree", &f.tree, "include", &include, "exclude?", &exclude,
		"require_all?", &f.set.RequireAll, "include_attr?", &includeAttr, "exclude_attr?", &excludeAttr, "links?", &links)
	if err != nil {
		return nil, err
	}
	if f.set.Links, err = linksWord("fileset", links, "follow", "skip"); err != nil {
		return nil, err
	}
	if f.set.Include, f.set.IncludeAttr, err = patternsFrom(include, includeAttr); err != nil {
		return nil, ofAttr("fileset: ", err)
	}
	if f.set.Exclude, f.set.ExcludeAttr, err = patternsFrom(exclude, excludeAttr); err != nil {
		return nil, ofAttr("fileset: ", err)
	}
	return f, nil
}

func patternsFrom(list *starlark.List, from starlark.Value) (patterns, attrs []string, err error) {
	switch v := from.(type) {
	case nil, starlark.NoneType:
	case starlark.String:
		attrs = []string{string(v)}
	case *starlark.List:
		attrs = toStrings(v)
	default:
		return nil, nil, faultf("include_attr and exclude_attr must be a string or a list of strings, not %s", article(from.Type()))
	}
	patterns, err = patternList(list, attrs)
	return patterns, attrs, err
}

// members is members(tree, links = "follow"): all its files.
func (an *analysis) members(t *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	f := &fileSetValue{set: FileSet{Members: true}}
	var links string
	err := starlark.UnpackArgs("members", args, kwargs, "tree", &f.tree, "links?", &links)
	if err == nil {
		f.set.Links, err = linksWord("members", links, LinksWords...)
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}

// linksWord checks an argument called links and returns it; "" is the first of the words.
func linksWord(fn, links string, words ...string) (string, error) {
	if links == "" || links == words[0] {
		return "", nil
	}
	if !slices.Contains(words, links) {
		return "", faultf("%s: links is %q, expected one of %q%s", fn, links, words, diag.DidYouMean(links, words))
	}
	return links, nil
}

// unwritten reports the declared outputs that no action writes.
func (an *analysis) unwritten() diag.List {
	var errs diag.List
	for _, a := range an.declared {
		if a.claim.action == nil {
			errs = append(errs, &diag.Error{Pos: a.claim.pos, Label: an.in.Declaration.Label.String(),
				Msg: fmt.Sprintf("output %q is declared, but no action writes it", a.Path)})
		}
	}
	return errs
}
