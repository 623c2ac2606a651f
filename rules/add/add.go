package add

import (
	"context"
	"errors"
	"fmt"
	"path"

	"github.com/sbomctl/sbomctl/engine"
	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/label"
	"github.com/sbomctl/sbomctl/rules/fetch"
	"github.com/sbomctl/sbomctl/rules/ident"
	"github.com/sbomctl/sbomctl/rules/spdx"
)

// Request is what a person says of the package.
type Request struct {
	Name    string // of the target
	Version string
	URL     string // of the archive; may have {version}
	Archive string // path of the archive, when it is here already
	SHA256  string // what the archive must have; "" is not known

	Srcs, Exclude []string // patterns of the tree; none makes a source_dep
	Tree          string   // label of the tree; "" is the only one
	Package       *string  // where to declare it; nil is where the SBOM that will list it lies, or the tree

	License, CPE, PURL, Originator string // "" is to be proposed, or left out
	NoEvidence                     bool   // look for none
	Here                           string // the package that relative labels are of
}

// Result is what is to be done, and what a person has to know of it.
type Result struct {
	Label   label.Label
	Changes []engine.Change
	Notes   []string // a line each
}

// adder works out one declaration.
type adder struct {
	w       *engine.Workspace
	r       Request
	all     []engine.SitedDeclaration
	version string // of the request; placeholders stand for it
	url     string // with the version filled in

	tree    *engine.SitedDeclaration
	base    string // the last segment of the name: what documents call the package
	claimed []action.File
	call    action.Call // which reads them
	out     Result
}

// Add works out the declaration of a package: what the request says, and what the archive and the tree state beside that. It writes nothing.
func Add(ctx context.Context, w *engine.Workspace, fetcher *fetch.Fetcher, r Request) (Result, error) {
	a := &adder{w: w, r: r, version: r.Version, base: path.Base(r.Name)}
	if err := a.check(); err != nil {
		return a.out, err
	}
	var err error
	if a.all, err = w.Declarations(); err != nil {
		return a.out, err
	}
	if err := a.findTree(); err != nil {
		return a.out, err
	}
	list := a.findList()
	pkg := a.pkg(list)
	a.out.Label = label.Label{Pkg: pkg, Name: r.Name}
	if err := a.inPackage(); err != nil {
		return a.out, err
	}
	if err := a.free(); err != nil {
		return a.out, err
	}
	if err := a.calledAlike(list); err != nil {
		return a.out, err
	}
	if err := a.claim(); err != nil {
		return a.out, err
	}
	got, err := a.archive(ctx, fetcher)
	if err != nil {
		return a.out, err
	}
	sources, err := a.sources()
	if err != nil {
		return a.out, err
	}
	d, err := a.declare(got, sources)
	if err != nil {
		return a.out, err
	}
	if err := a.write(d, list); err != nil {
		return a.out, err
	}
	return a.out, a.loads(ctx, list)
}

// loads makes sure that what is to be written loads, and is a target, before it is.
func (a *adder) loads(ctx context.Context, list *engine.SitedDeclaration) error {
	v, err := a.w.Preview(ctx, a.out.Changes)
	if err != nil {
		return err
	}
	defer v.Close()
	if _, _, err = v.Declared(a.out.Label); err == nil && list != nil {
		_, _, err = v.Declared(list.Label)
	}
	return err
}

func (a *adder) note(format string, args ...any) {
	a.out.Notes = append(a.out.Notes, fmt.Sprintf(format, args...))
}

// flagged is an error of a flag's value.
func flagged(flag string, err error) error {
	var d *diag.Error
	if err == nil || !errors.As(err, &d) {
		return err
	}
	e := *d
	e.Msg = "--" + flag + ": " + e.Msg
	return &e
}

// check is what can be said of the request alone.
func (a *adder) check() error {
	var errs diag.List
	add := func(flag string, err error) {
		if err != nil {
			errs = append(errs, flagged(flag, err))
		}
	}
	if err := label.CheckName(a.r.Name); err != nil {
		errs = append(errs, err)
	} else if err := spdx.Word(a.base); err != nil {
		errs = append(errs, err)
	}
	add("version", spdx.Word(a.version))
	if a.r.URL != "" {
		a.url = filled(a.r.URL, a.version)
		add("url", ident.URL(a.url))
	}
	if a.r.SHA256 != "" {
		add("sha256", ident.Checksum("SHA256", a.r.SHA256))
	}
	if a.r.License != "" {
		add("license", ident.License(a.r.License))
	}
	if a.r.Originator != "" {
		add("originator", ident.Agent(a.r.Originator))
	}
	a.r.CPE = fullCPE(a.r.CPE)
	if a.r.CPE != "" {
		add("cpe", ident.CPEOf(filled(a.r.CPE, a.version), a.version))
	}
	if a.r.PURL != "" {
		add("purl", ident.PURL(filled(a.r.PURL, a.version), a.version))
	}
	if len(a.r.Srcs) == 0 && len(a.r.Exclude) > 0 {
		errs = append(errs, &diag.Error{Msg: "--exclude without --srcs: there is nothing to exclude from", Hints: []string{"--srcs=PATTERN names the package's files in the tree; without it a source_dep is declared"}})
	}
	return errs.Err()
}

const (
	treeRule     = "source_tree"
	vendoredRule = "vendored_package"
	depRule      = "source_dep"
	baseRule     = "base_sbom"
	depsRule     = "source_deps_sbom"
)

// of returns the declarations of a rule.
func (a *adder) of(rule string) []*engine.SitedDeclaration {
	var out []*engine.SitedDeclaration
	for i := range a.all {
		if a.all[i].RuleName() == rule {
			out = append(out, &a.all[i])
		}
	}
	return out
}

// Bounds of what is read to find evidence and tags.
const (
	maxSourceBytes = 1 << 20
	maxSources     = 5000
)

// maxNamed is how many files of many are named.
const maxNamed = 5
