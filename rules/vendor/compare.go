package vendor

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/files"
	"github.com/sbomctl/sbomctl/engine/finding"
)

// Verdict is what is known of a file; see the package comment.
type Verdict string

// The verdicts.
const (
	Identical  Verdict = "identical"
	Patched    Verdict = "patched"
	Local      Verdict = "local"
	Unexpl     Verdict = "unexplained"
	Unverified Verdict = "unverified"
)

// File is a file that is compared. Read is called when its digest does not decide, and at most once.
type File struct {
	Path   string
	Digest cache.Digest
	Read   func() ([]byte, error)

	Executable bool
}

// Input is what a package declares, and what there is.
type Input struct {
	Label    string
	Files    []File // of the package, by their paths in the tree
	Archive  bool   // Upstream is known
	Upstream []File // every file of upstream's archive
	Patches  []File // declared, in order; the first TreePatches of them lie in the tree
	Stray    []File // patch files in the tree, beside the package's files; some may be declared
	Mapping  map[string]string
	Local    []string

	TreePatches int
	Keep        bool // the contents of unexplained files, for Diff and Explaining
}

// FileResult is what came of a file of the package.
type FileResult struct {
	Path     string   `json:"path"`
	Verdict  Verdict  `json:"verdict"`
	Upstream string   `json:"upstream,omitempty"` // upstream's path
	Patches  []string `json:"patches,omitempty"`  // that explain it

	// Of an unexplained file, when Input.Keep is set.
	want, got  []byte // what upstream and the patches say (nil: nothing), and what is there
	large      bool   // too large for these
	executable bool
}

// Result is the comparison of a package.
type Result struct {
	Files    []FileResult // in the order of Input.Files
	Findings []finding.Finding

	pairs *pairing // nil without the archive
}

// Explained reports whether nothing was found that is an error.
func (r *Result) Explained() bool {
	return !slices.ContainsFunc(r.Findings, func(f finding.Finding) bool { return f.Severity == finding.Error })
}

// comparison is one call of Compare.
type comparison struct {
	in      Input
	local   []*files.Matcher // of in.Local
	used    []bool           // of in.Local
	patches []*patch
	bad     []bool // of patches: something was found about it
	failed  int    // changes of patches that do not apply
	work    int64  // bytes that patches were applied to
	result  Result
}

// Compare gives each file of the package its verdict. An error means that something could not be read.
func Compare(ctx context.Context, in Input) (*Result, error) {
	c := &comparison{in: in, used: make([]bool, len(in.Local)), bad: make([]bool, len(in.Patches))}
	if err := c.compileLocal(); err != nil {
		return nil, err
	}
	if err := c.readPatches(ctx); err != nil {
		return nil, err
	}
	c.checkMapped()
	var err error
	if in.Archive {
		err = c.forward(ctx)
	} else {
		err = c.backward(ctx)
	}
	if err != nil {
		return nil, err
	}
	c.idle()
	c.strays()
	for i, used := range c.used {
		if !used {
			c.find(finding.Finding{Rule: "unmatched", Severity: finding.Error, Attr: fmt.Sprintf("local[%d]", i),
				Msg: fmt.Sprintf("local pattern %q matches no file of the package", in.Local[i]),
				Fix: &finding.Fix{Attr: fmt.Sprintf("local[%d]", i), Remove: true}})
		}
	}
	return &c.result, nil
}

func (c *comparison) find(f finding.Finding) { c.result.Findings = append(c.result.Findings, f) }

func (c *comparison) compileLocal() error {
	for i, p := range c.in.Local {
		m, err := files.Compile([]string{p}, nil)
		if err != nil {
			return &diag.Error{Attr: fmt.Sprintf("local[%d]", i), Msg: err.Error()}
		}
		c.local = append(c.local, m)
	}
	return nil
}

// isLocal reports whether the project declares the file as its own.
func (c *comparison) isLocal(path string) bool {
	local := false
	for i, m := range c.local {
		if _, ok := m.Match(path); ok {
			c.used[i], local = true, true
		}
	}
	return local
}

// isOwn reports whether a file of the package is the project's own: it is declared so, or is a declared patch itself.
func (c *comparison) isOwn(f *File) bool {
	return c.isLocal(f.Path) || slices.ContainsFunc(c.in.Patches, func(p File) bool { return p.Path == f.Path && p.Digest == f.Digest })
}

func (c *comparison) readPatches(ctx context.Context) error {
	if len(c.in.Patches) > MaxPatches {
		return &diag.Error{Attr: "patches", Msg: fmt.Sprintf("%d patches, expected at most %d", len(c.in.Patches), MaxPatches)}
	}
	total := int64(0)
	seen := map[cache.Digest]int{}
	for i, f := range c.in.Patches {
		if err := ctx.Err(); err != nil {
			return err
		}
		c.patches = append(c.patches, &patch{name: f.Path})
		if k, twice := seen[f.Digest]; twice {
			c.badPatch(i, "", fmt.Errorf("it is declared twice: %s is the same patch", c.in.Patches[k].Path))
			continue
		}
		seen[f.Digest] = i
		if total += f.Digest.Size; f.Digest.Size > MaxPatchBytes || total > MaxAllPatches {
			c.badPatch(i, "", fmt.Errorf("it has %d bytes; expected at most %d, and %d in all patches of the package", f.Digest.Size, MaxPatchBytes, MaxAllPatches))
			continue
		}
		text, err := f.Read()
		if err != nil {
			return err
		}
		p, err := parsePatch(f.Path, text)
		if err != nil {
			c.badPatch(i, "", err)
			continue
		}
		c.patches[i] = p
	}
	return nil
}

// badPatch reports that a declared patch does not do what it should; to is the file, "" for none.
func (c *comparison) badPatch(i int, to string, err error) {
	c.bad[i] = true
	if c.failed++; c.failed > maxFailed {
		return
	}
	if c.failed == maxFailed {
		to, err = "", errors.New("neither can this many others; no more is looked into")
	}
	name := c.in.Patches[i].Path
	msg := fmt.Sprintf("the patch cannot be used: %v", err)
	switch {
	case to != "" && c.in.Archive:
		msg = fmt.Sprintf("the patch does not apply to %s: %v", to, err)
	case to != "":
		msg = fmt.Sprintf("the patch is not what was done to %s, since it does not apply in reverse: %v", to, err)
	}
	c.find(finding.Finding{Rule: Patch.ID, Severity: finding.Error, Pos: diag.File(name), Attr: c.patchAttr(i), Msg: msg,
		Hints: []string{"sbomctl vendor-diff " + c.in.Label + " shows what differs"}})
}

// Bounds of what is done with patches that do not apply, and with those that change large files again and again.
const (
	maxFailed = 100
	maxWork   = 8 << 30
)

// enough reports whether a change is not to be looked at any more.
func (c *comparison) enough(i int, content []byte) bool {
	if c.work += int64(len(content)); c.work > maxWork {
		c.badPatch(i, "", fmt.Errorf("with it, patches were applied to more than %d bytes", int64(maxWork)))
		return true
	}
	return c.failed >= maxFailed
}

// errLarge is the error of a file that is too large to be patched or shown.
var errLarge = fmt.Errorf("the file has more than %d bytes", MaxFileBytes)

// maxNear bounds the paths among which the nearest spelling is looked for.
const maxNear = 20_000

// hit notes that a patch changes a file of the package.
func (c *comparison) hit(name string) {
	for _, p := range c.patches {
		if p.name == name {
			p.hits++
		}
	}
}

// idle reports declared patches that change no file of the package.
func (c *comparison) idle() {
	for i, p := range c.patches {
		if p.hits == 0 && !c.bad[i] {
			c.badPatch(i, "", errors.New("it changes no file of the package"))
		}
	}
}

// The lines of a difference that a finding has, for a program and for a person.
const (
	maxFound = 200
	maxHints = 10
)

// patchAttr is where a patch is declared.
func (c *comparison) patchAttr(i int) string {
	if i < c.in.TreePatches {
		return "tree_patches"
	}
	return fmt.Sprintf("patches[%d]", i-c.in.TreePatches)
}

// strays reports patch files beside the package that it does not declare.
func (c *comparison) strays() {
	declared := map[cache.Digest]bool{}
	for _, p := range c.in.Patches {
		declared[p.Digest] = true
	}
	for _, s := range c.in.Stray {
		if !c.isLocal(s.Path) && !declared[s.Digest] {
			c.find(finding.Finding{Rule: Patch.ID, Severity: finding.Warning, Pos: diag.File(s.Path), Attr: "patches",
				Msg:   "the patch lies beside the package's files and is declared nowhere",
				Hints: []string{fmt.Sprintf("tree_patches = [%q] proves that it is applied; or say that it is the project's own, in local; or remove it", s.Path)}})
		}
	}
}
