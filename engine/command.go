package engine

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/sbomctl/sbomctl/cache/reapi"
	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/engine/star"
)

// commandVersion is raised when a command with equal parameters and inputs becomes another action.
const commandVersion = 1

// commandSpec is the action that a command is, without its inputs.
func commandSpec(params []byte, outputs []string) (*action.Spec, error) {
	var c star.Command
	if err := json.Unmarshal(params, &c); err != nil {
		return nil, err
	}
	s := &action.Spec{Command: c.Args, Dir: c.Dir, Timeout: time.Duration(c.Timeout) * time.Second, Outputs: outputs}
	env := map[string]string{}
	for _, v := range action.BaseEnvironment {
		env[v.Name] = v.Value
	}
	for name, value := range c.Env {
		env[name] = value
	}
	s.Environment = properties(env)
	parts := append(strings.Split(c.Platform, "/"), "", "")
	platform := map[string]string{
		action.PropertyImage: action.ImageScheme + c.Image(), action.PropertyOS: parts[0], action.PropertyArch: parts[1],
		action.PropertyNetwork: "off",
	}
	if c.Mount != action.DefaultMount {
		platform[action.PropertyMount] = c.Mount
	}
	if parts[2] != "" {
		platform[action.PropertyVariant] = parts[2]
	}
	if c.Network {
		platform[action.PropertyNetwork] = "standard"
	}
	if c.Listing != "" {
		platform[action.PropertyListing] = c.Listing
	}
	if c.Perturbed {
		platform[action.PropertyPerturb] = "1"
	}
	s.Platform = properties(platform)
	s.Aside = []byte(mustJSON(action.CommandAside{Layout: c.Layout, Insecure: c.Insecure}))
	return s, nil
}

func properties(m map[string]string) []reapi.Property {
	out := make([]reapi.Property, 0, len(m))
	for _, name := range sortedNames(m) {
		out = append(out, reapi.Property{Name: name, Value: m[name]})
	}
	return out
}

// layTree gives the files of a command's inputs their paths in its tree; the name of an input says where they lie (star.OpCommand). Two
// files that come to lie at one path are one when they are equal. None lies where an output will.
func layTree(s *action.Spec) error {
	type origin struct {
		file  action.File
		input string
	}
	at := map[string]origin{}
	var errs diag.List
	for i := range s.Inputs {
		in := &s.Inputs[i]
		if in.Name != "" && !strings.HasSuffix(in.Name, "/") && len(in.Files) != 1 {
			errs = append(errs, &diag.Error{Msg: fmt.Sprintf("inputs: %q is the name of one file, and there are %d", in.Name, len(in.Files)),
				Hints: []string{fmt.Sprintf("%q puts files below a folder", in.Name+"/")}})
			continue
		}
		in.Files = slices.Clone(in.Files)
		kept := in.Files[:0]
		for _, f := range in.Files {
			was := f.Path
			if f.Link != "" || f.Folder {
				errs = append(errs, &diag.Error{Msg: fmt.Sprintf("inputs: %s is a symbolic link or an empty folder, and a command is given files only", was),
					Hints: []string{`ctx.actions.members(tree, links = "skip") leaves them out`}})
				continue
			}
			switch {
			case in.Name == "":
			case strings.HasSuffix(in.Name, "/"):
				f.Path = path.Join(in.Name, f.Path)
			default:
				f.Path = in.Name
			}
			first, taken := at[f.Path]
			switch {
			case !taken:
				at[f.Path] = origin{f, was}
				kept = append(kept, f)
			case first.file.Digest != f.Digest || first.file.Executable != f.Executable:
				errs = append(errs, &diag.Error{Msg: fmt.Sprintf("inputs: two files that differ come to lie at %s: %s and %s", f.Path, first.input, was),
					Hints: []string{`inputs = {"folder/": ...} puts files below a folder of their own`}})
			}
		}
		in.Files = kept
	}
	if len(errs) > 0 {
		return errs
	}
	for p := range at {
		for dir := path.Dir(p); dir != "."; dir = path.Dir(dir) {
			if f, file := at[dir]; file {
				errs = append(errs, &diag.Error{Msg: fmt.Sprintf("inputs: %s is a file (%s) and a folder (of %s)", dir, f.input, p)})
			}
		}
	}
	for _, o := range s.Outputs {
		if f, input := at[path.Join(s.Dir, o)]; input {
			errs = append(errs, &diag.Error{Msg: fmt.Sprintf("inputs: %s is an output, too: a command that leaves it as it is (%s) would seem to have made it", path.Join(s.Dir, o), f.input),
				Hints: []string{"exclude it from the inputs, or put it at another path among them"}})
		}
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	if len(errs) > 3 {
		errs = errs[:3]
	}
	if len(errs) == 0 {
		return nil
	}
	return errs
}

// NetworkRule describes commands that say themselves that they depend on more than their inputs.
var NetworkRule = finding.Rule{
	ID: "network-access", Severity: finding.Note,
	Title: "a command may use the network",
	Help: "The target runs a command with `network = True`. What it makes depends on what others answered on the day it ran, and is kept as if it depended on its inputs alone: " +
		"nothing notices when the answer changes, and nobody can make it again from the same inputs.\n\nFetch what it needs with `http_file`, by checksum, and name that among its inputs.",
}

// unsealed is what there is to say of a command whatever it makes.
func unsealed(s *action.Spec) []finding.Finding {
	if s.Property(action.PropertyNetwork) != "standard" {
		return nil
	}
	return []finding.Finding{{Rule: NetworkRule.ID, Severity: NetworkRule.Severity, Attr: "network",
		Msg: fmt.Sprintf("%s may use the network, so what it makes is not known by its inputs", s)}}
}
