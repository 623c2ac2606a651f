package add

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine"
	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
)

// claim selects the package's files and makes sure that they are nobody else's.
func (a *adder) claim() error {
	if len(a.r.Srcs) == 0 {
		return nil
	}
	call, err := a.w.Look(a.tree.Label, a.r.Srcs, a.r.Exclude, false)
	if err != nil {
		return err
	}
	a.call, a.claimed = call, call.Files(engine.LookInput)
	if len(a.claimed) == 0 {
		return &diag.Error{Label: a.tree.Label.String(), Msg: "--srcs without --exclude leave no file"}
	}
	mine := make(map[string]bool, len(a.claimed))
	for _, f := range a.claimed {
		mine[f.Path] = true
	}
	for _, d := range a.all {
		srcs := d.Texts("srcs")
		if len(srcs) == 0 || !slices.Contains(d.Labels("tree"), a.tree.Label) {
			continue
		}
		theirs, err := a.w.Look(a.tree.Label, srcs, d.Texts("exclude"), true)
		if err != nil {
			continue // what is wrong with it is told by its own build
		}
		var both []string
		for _, f := range theirs.Files(engine.LookInput) {
			if mine[f.Path] {
				both = append(both, f.Path)
			}
		}
		if len(both) > 0 {
			return &diag.Error{Pos: d.Site.AttrPos("srcs"), Label: d.Label.String(),
				Msg:   fmt.Sprintf("claims %s of --srcs already, %s", count(len(both), "file"), both[0]),
				Hints: []string{"a file is one package's: narrow --srcs, or add --exclude=" + both[0]}}
		}
	}
	return nil
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// sources reads the files that evidence may be in: the package's own and those beside them, or, of a source dependency,
// the tree's scripts.
func (a *adder) sources() ([]Source, error) {
	if a.tree == nil {
		return nil, nil
	}
	call, files := a.call, a.claimed
	if len(a.r.Srcs) == 0 {
		if a.r.NoEvidence {
			return nil, nil
		}
		var include []string
		for _, e := range []string{"bat", "cmd", "ps1", "sh", "py", "props", "targets", "cmake", "mk", "toml", "yml", "yaml"} {
			include = append(include, "**/*."+e)
		}
		var err error
		if call, err = a.w.Look(a.tree.Label, include, []string{"**/test/**", "**/tests/**"}, true); err != nil {
			return nil, err
		}
		return a.read(nil, call, call.Files(engine.LookInput), false)
	}
	out, err := a.read(nil, call, files, false)
	if err != nil || a.r.NoEvidence {
		return out, err
	}
	seen := map[string]bool{}
	for _, f := range files {
		seen[f.Path] = true
	}
	// What is excluded is the tree's own, and where the version is often stated: refresh.sh.
	more := func(patterns []string, beside bool) error {
		call, err := a.w.Look(a.tree.Label, patterns, nil, true)
		if err != nil {
			return err
		}
		var files []action.File
		for _, f := range call.Files(engine.LookInput) {
			if !seen[f.Path] {
				seen[f.Path] = true
				files = append(files, f)
			}
		}
		out, err = a.read(out, call, files, beside)
		return err
	}
	if len(a.r.Exclude) > 0 {
		if err := more(a.r.Srcs, false); err != nil {
			return nil, err
		}
	}
	dirs := map[string]bool{}
	for _, s := range a.r.Srcs { // where the patterns begin: refresh.sh lies there
		dir := path.Dir(s)
		if i := strings.IndexAny(s, "*?[{"); i >= 0 {
			dir = path.Dir(s[:i] + "x")
		}
		dirs[dir] = dir != "." && dir != "/"
	}
	var beside []string
	for d, ok := range dirs {
		if ok {
			beside = append(beside, d+"/*")
		}
	}
	slices.Sort(beside)
	if len(beside) > 0 {
		err = more(beside, true)
	}
	return out, err
}

func (a *adder) read(out []Source, call action.Call, files []action.File, beside bool) ([]Source, error) {
	for _, f := range files {
		if f.Digest.Size > maxSourceBytes || len(out) == maxSources {
			continue
		}
		b, err := call.Read(f, maxSourceBytes)
		if err != nil {
			return nil, err
		}
		out = append(out, Source{f.Path, b, beside})
	}
	return out, nil
}
