package cpython

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/sbomctl/sbomctl/engine"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/event"
	"github.com/sbomctl/sbomctl/engine/label"
)

// treeLabel is the source_tree of every workspace that is made here.
var treeLabel = label.Label{Name: "cpython"}

// scratch is a workspace that lies beside no tree and is thrown away. Its source_tree is the tree that is imported.
type scratch struct {
	ctx context.Context
	opt engine.Options
}

// newScratch makes one for the tree at an absolute path. opt has the rules, the cache and the jobs.
func newScratch(ctx context.Context, opt engine.Options, tree string) (*scratch, error) {
	dir, err := os.MkdirTemp("", "sbomctl-import-")
	if err != nil {
		return nil, &diag.Error{Msg: "there is no room for temporary files", Err: err}
	}
	opt.Root, opt.OutDir = dir, ""
	opt.SkipValidation, opt.AnalyseOnly, opt.ReadOnly, opt.KeepGoing = true, false, false, true
	opt.Overrides = []engine.Override{{Label: treeLabel, Path: tree}}
	opt.Events = warnings(opt.Events)
	return &scratch{ctx, opt}, nil
}

// close removes the workspace, and what the cache remembers of it. What is in the store stays: the workspace that is
// written finds the tree's archive unpacked there.
func (s *scratch) close() {
	engine.Clean(context.WithoutCancel(s.ctx), s.opt, true) // what stays behind is collected as the cache's other garbage is
	os.RemoveAll(s.opt.Root)
}

// warnings is a stream that passes warnings on and nothing else: what runs here is no news to a user.
func warnings(to *event.Stream) *event.Stream { return event.NewStream(warningsOnly{to}) }

type warningsOnly struct{ to *event.Stream }

func (w warningsOnly) Handle(e event.Event) {
	if e, ok := e.(event.Warning); ok {
		w.to.Emit(e)
	}
}

// write replaces a file of the workspace.
func (s *scratch) write(name string, content []byte) error {
	return os.WriteFile(filepath.Join(s.opt.Root, filepath.FromSlash(name)), content, 0o666)
}

// fileSets is a workspace that reads files of the tree: a target for each list of patterns, of which each may match nothing.
const fileSets = `"""Reads a tree."""

load("@sbomctl//:providers.star", "TreeInfo")

def _files(ctx):
    tree = ctx.attr.tree[TreeInfo].tree
    ctx.actions.run(
        "spdx.checksums",
        params = {"patterns": []},
        inputs = {"files": ctx.actions.fileset(tree, ctx.attr.srcs, require_all = False)},
        outputs = {"checksums": ctx.actions.declare_output(ctx.label.name)},
        mnemonic = "Read",
    )
    return []

files = rule(
    implementation = _files,
    doc = "Files of a tree.",
    attrs = {
        "tree": attr.label(mandatory = True, providers = [TreeInfo], doc = "The tree."),
        "srcs": attr.string_list(doc = "Patterns."),
    },
)
`

// file is a file of the tree.
type file struct {
	path    string
	pattern int    // index of the first pattern that matched
	size    int64  //
	content []byte // nil when it is larger than what was asked for
}

// maxRead bounds the bytes of all files of one list.
const maxRead = 512 << 20

// find returns the files that each list of patterns names, by pattern and then by path, with the content of those of
// at most max bytes.
func (s *scratch) find(lists [][]string, max int64) ([][]file, error) {
	var b strings.Builder
	b.WriteString("load(\"@sbomctl//:rules.star\", \"source_tree\")\nload(\"//:sbom.star\", \"files\")\n\nsource_tree(name = \"cpython\", path = \"tree\")\n")
	for i, list := range lists {
		b.WriteString("files(name = \"" + strconv.Itoa(i) + "\", tree = \":cpython\", srcs = " + quoteList(list) + ")\n")
	}
	if err := s.write(engine.RootFile, []byte(fileSets)); err != nil {
		return nil, err
	}
	if err := s.write(engine.BuildFile, []byte(b.String())); err != nil {
		return nil, err
	}
	w, err := engine.Open(s.ctx, s.opt)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	out := make([][]file, len(lists))
	for i := range lists {
		call, err := w.Inspect(label.Label{Name: strconv.Itoa(i)}, "spdx.checksums")
		if err != nil {
			return nil, unlabelled(err)
		}
		var all int64
		for _, f := range call.Files("files") {
			one := file{path: f.Path, pattern: f.Pattern, size: f.Digest.Size}
			if all += one.size; one.size <= max && all <= maxRead {
				if one.content, err = call.Read(f, max); err != nil {
					return nil, err
				}
			}
			out[i] = append(out[i], one)
		}
	}
	return out, nil
}

// unlabelled takes the places in the scratch workspace out of an error.
func unlabelled(err error) error {
	var out diag.List
	for _, e := range diag.Flatten(err) {
		var d *diag.Error
		if !errors.As(e, &d) {
			out = append(out, e)
			continue
		}
		c := *d
		if c.Label = ""; c.Pos.File == engine.BuildFile || c.Pos.File == engine.RootFile {
			c.Pos = diag.Pos{}
		}
		c.Hints = slices.DeleteFunc(slices.Clone(d.Hints), func(h string) bool {
			return strings.Contains(h, " "+engine.BuildFile+":") || strings.Contains(h, " "+engine.RootFile+":")
		})
		out = append(out, &c)
	}
	return out.Err()
}

// build builds targets of the declarations, and returns what each wrote.
func (s *scratch) build(buildFile, rootFile []byte, targets []string) (map[string][]byte, error) {
	if err := s.write(engine.RootFile, rootFile); err != nil {
		return nil, err
	}
	if err := s.write(engine.BuildFile, buildFile); err != nil {
		return nil, err
	}
	patterns, err := label.ParsePatterns(targets, "")
	if err != nil {
		return nil, err
	}
	w, err := engine.Open(s.ctx, s.opt)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	outputs, err := w.Build(patterns)
	if err != nil {
		return nil, err
	}
	out := map[string][]byte{}
	for _, o := range outputs {
		if out[o.Label], err = os.ReadFile(filepath.Join(w.Root(), filepath.FromSlash(o.Path))); err != nil {
			return nil, err
		}
	}
	return out, nil
}
