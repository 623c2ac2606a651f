package add

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine"
	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/label"
	"github.com/sbomctl/sbomctl/rules/evidence"
	"github.com/sbomctl/sbomctl/rules/fetch"
	"github.com/sbomctl/sbomctl/rules/ident"
	"github.com/sbomctl/sbomctl/rules/license"
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
		a.url = strings.ReplaceAll(a.r.URL, placeholder, a.version)
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
		add("cpe", ident.CPEOf(strings.ReplaceAll(a.r.CPE, placeholder, a.version), a.version))
	}
	if a.r.PURL != "" {
		add("purl", ident.PURL(strings.ReplaceAll(a.r.PURL, placeholder, a.version), a.version))
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

// findTree finds the tree that the package's files, or its evidence, lie in.
func (a *adder) findTree() error {
	trees := a.of(treeRule)
	if a.r.Tree != "" {
		l, err := label.Parse(a.r.Tree, "", a.r.Here)
		if err != nil {
			return flagged("tree", err)
		}
		var names []string
		for _, t := range trees {
			if t.Label == l {
				a.tree = t
				return nil
			}
			names = append(names, t.Label.String())
		}
		return &diag.Error{Msg: fmt.Sprintf("--tree: there is no source_tree %s%s", l, diag.DidYouMean(l.String(), names))}
	}
	switch {
	case len(trees) == 1:
		a.tree = trees[0]
		return nil
	case len(a.r.Srcs) == 0:
		if len(trees) > 1 {
			a.note("evidence: none; there are %d source trees, and --tree names the one to look into", len(trees))
		}
		return nil
	case len(trees) == 0:
		return &diag.Error{Msg: "the workspace has no source_tree for --srcs to lie in", Hints: []string{`declare one, such as source_tree(name = "tree", path = "."), or run sbomctl init in a new workspace`}}
	}
	var hints []string
	for _, t := range trees {
		hints = append(hints, "--tree="+t.Label.String())
	}
	return &diag.Error{Msg: fmt.Sprintf("the workspace has %d source trees; which one has the files?", len(trees)), Hints: hints}
}

// findList finds the one SBOM that lists packages like this one; nil where there is none, or several, which is noted.
func (a *adder) findList() *engine.SitedDeclaration {
	rule, attr := baseRule, "packages"
	if len(a.r.Srcs) == 0 {
		rule, attr = depsRule, "deps"
	}
	var fit []*engine.SitedDeclaration
	all := a.of(rule)
	for _, d := range all {
		if a.listsAlike(d.Labels(attr)) {
			fit = append(fit, d)
		}
	}
	if len(fit) == 0 && len(all) == 1 && (len(all[0].Labels(attr)) == 0 || rule == depsRule && !strings.Contains(a.r.Name, "/")) {
		fit = all
	}
	switch len(fit) {
	case 1:
		return fit[0]
	case 0:
		a.note("no %s lists packages like this one: it is in no SBOM but its own until one lists it", rule)
	default:
		var names []string
		for _, d := range fit {
			names = append(names, d.Label.String())
		}
		a.note("it is listed nowhere: %s could list it; add it to %s of one", strings.Join(names, " and "), attr)
	}
	return nil
}

// listsAlike reports whether packages are of the same tree, or the same platform (the folder of their names).
func (a *adder) listsAlike(packages []label.Label) bool {
	return slices.ContainsFunc(packages, func(l label.Label) bool {
		if len(a.r.Srcs) == 0 {
			return path.Dir(l.Name) == path.Dir(a.r.Name)
		}
		for _, d := range a.all {
			if d.Label == l {
				return slices.Contains(d.Labels("tree"), a.tree.Label)
			}
		}
		return false
	})
}

// pkg is where to declare it.
func (a *adder) pkg(list *engine.SitedDeclaration) string {
	switch {
	case a.r.Package != nil:
		return *a.r.Package
	case list != nil:
		return list.Label.Pkg
	case a.tree != nil:
		return a.tree.Label.Pkg
	}
	return a.r.Here
}

// free makes sure that there is no such target.
func (a *adder) free() error {
	for _, d := range a.all {
		if d.Label == a.out.Label {
			return &diag.Error{Pos: d.Site.Pos, Label: d.Label.String(), Msg: fmt.Sprintf("is declared already, as a %s", d.RuleName()),
				Hints: []string{fmt.Sprintf("sbomctl bump %s %s moves it to another version", d.Label, a.version)}}
		}
	}
	return nil
}

// file is the BUILD.star that gets the declaration.
func (a *adder) file() string { return path.Join(a.out.Label.Pkg, engine.BuildFile) }

// inPackage makes sure that there is a BUILD.star, before anything is downloaded.
func (a *adder) inPackage() error {
	if _, err := os.Stat(filepath.Join(a.w.Root(), filepath.FromSlash(a.file()))); err != nil {
		return &diag.Error{Msg: fmt.Sprintf("there is no package //%s: no file %s", a.out.Label.Pkg, a.file()), Hints: []string{"an empty " + a.file() + " makes the folder a package"}}
	}
	return nil
}

// calledAlike refuses a name that documents have for another package of the same list: it would be there twice.
func (a *adder) calledAlike(list *engine.SitedDeclaration) error {
	if list == nil {
		return nil
	}
	listed := append(list.Labels("packages"), list.Labels("deps")...)
	for _, d := range a.all {
		if !slices.Contains(listed, d.Label) {
			continue
		}
		if name := cmp.Or(d.Text("package_name"), path.Base(d.Label.Name)); name == a.base {
			return &diag.Error{Pos: d.Site.Pos, Label: d.Label.String(), Msg: fmt.Sprintf("is called %s too, and %s lists it; a document has each name once", name, list.Label),
				Hints: []string{"give it another name, or declare it by hand with a package_name"}}
		}
	}
	return nil
}

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

// Bounds of what is read to find evidence and tags.
const (
	maxSourceBytes = 1 << 20
	maxSources     = 5000
)

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

// declare writes the declaration.
func (a *adder) declare(got archived, sources []Source) (*Declaration, error) {
	rules, err := a.evidence(got.sha256, sources)
	if err != nil {
		return nil, err
	}
	a.strangers(got.names)
	licence, comment := a.license(got, sources)
	purl := a.purl()
	rule := vendoredRule
	if len(a.r.Srcs) == 0 {
		rule = depRule
	}
	d := Declare(rule)
	d.String("name", a.r.Name)
	d.String("version", a.version)
	d.String("license", licence, comment...)
	d.String("originator", a.r.Originator)
	d.String("download_url", Template(a.r.URL, a.version))
	d.String("sha256", got.sha256)
	d.String("cpe", a.cpe())
	d.String("purl", purl)
	if a.tree != nil && (len(a.r.Srcs) > 0 || len(rules) > 0) {
		d.String("tree", relative(a.tree.Label, a.out.Label.Pkg))
	}
	d.Strings("srcs", a.r.Srcs)
	d.Strings("exclude", a.r.Exclude)
	d.Evidence(rules)
	return d, nil
}

// maxNamed is how many files of many are named.
const maxNamed = 5

// strangers tells of files among srcs that the archive has none of that name of: they may be the tree's own.
func (a *adder) strangers(names map[string]bool) {
	if names == nil {
		return
	}
	var own []string
	for _, f := range a.claimed {
		if !names[path.Base(f.Path)] {
			own = append(own, f.Path)
		}
	}
	switch {
	case len(own) == 0:
	case len(own) == len(a.claimed):
		a.note("srcs: the archive has no file that is named like any of the %d; is it the right one?", len(own))
	default:
		a.note("srcs: the archive has no file named like %s%s; what is the tree's own is left out with --exclude", strings.Join(own[:min(len(own), maxNamed)], ", "), more(len(own)-maxNamed))
	}
}

// relative is a label as the package pkg writes it.
func relative(l label.Label, pkg string) string {
	if l.Pkg == pkg && l.Repo == "" {
		return ":" + l.Name
	}
	return l.String()
}

// evidence finds what the tree states, and refuses a version that it contradicts.
func (a *adder) evidence(sha256 string, sources []Source) ([]evidence.Rule, error) {
	if a.r.NoEvidence {
		a.note("evidence: none was looked for; nothing will hold the version against the tree")
		return nil, nil
	}
	if a.tree == nil {
		return nil, nil
	}
	found := FindEvidence(sources, Wanted{Name: a.base, Version: a.version, SHA256: sha256, Elsewhere: len(a.r.Srcs) == 0})
	if len(found.Contrary) > 0 {
		c := found.Contrary[0]
		e := &diag.Error{Pos: diag.Pos{File: c.Path, Line: c.Line, Col: 1}, Msg: fmt.Sprintf("the tree states version %s here, not %s", c.Version, a.version),
			Hints: []string{fmt.Sprintf("if the tree is right, add it with --version=%s and the archive of that version", c.Version), "if this is the version of something else, --noevidence adds it without a look at the tree"}}
		for i, o := range found.Contrary[1:] {
			if i == 3 {
				break
			}
			e.Hints = append([]string{fmt.Sprintf("%s:%d states %s too", o.Path, o.Line, o.Version)}, e.Hints...)
		}
		return nil, e
	}
	for _, r := range found.Rules {
		a.note("evidence: %s states it: %s", r.Path, r.Pattern)
	}
	if len(found.Rules) == 0 {
		a.note("evidence: no file that was looked at states %s; nothing will hold the version against the tree", a.version)
	}
	return found.Rules, nil
}

// license proposes the licence, and the comment that stands behind it.
func (a *adder) license(got archived, sources []Source) (expression string, comment []string) {
	tags := map[string][]string{}
	texts := slices.Clone(got.licenses)
	inTree := len(a.r.Srcs) > 0
	mine := map[string]bool{}
	for _, f := range a.claimed {
		mine[f.Path] = true
	}
	n := 0
	for _, s := range sources {
		if !inTree || !mine[s.Path] {
			continue
		}
		n++
		if base := path.Base(s.Path); license.IsFile(base) {
			if len(got.licenses) == 0 {
				texts = append(texts, license.File{Path: s.Path, Content: s.Content})
			}
			continue
		}
		tags[s.Path] = license.Tags(s.Content)
	}
	byTags := license.FromTags(tags, len(tags))
	if a.r.License != "" {
		return a.r.License, nil
	}
	p := license.Propose(texts)
	if len(texts) == 0 && byTags.Expression != ident.NoAssertion {
		p = byTags
	}
	for _, n := range p.Notes {
		a.note("license: %s", n)
	}
	if p.Expression == ident.NoAssertion {
		a.note("license: NOASSERTION: %s", p.Why)
		for _, c := range p.Choices {
			a.note("license: --license=%q says that it is so", c)
		}
		comment = []string{p.Why}
	} else {
		a.note("license: %s: %s", p.Expression, p.Why)
	}
	for _, n := range byTags.Notes {
		a.note("license: %s", n)
	}
	return p.Expression, comment
}

func (a *adder) cpe() string {
	if a.r.CPE != "" {
		return Template(a.r.CPE, a.version)
	}
	guess := ""
	if g := guessCPE(a.url); g != "" {
		guess = "; a guess that is not written: " + g
	}
	a.note("cpe: none; scanners find the vulnerabilities of a library by it. https://nvd.nist.gov/products/cpe/search knows the name, --cpe=VENDOR:PRODUCT states it%s", guess)
	return ""
}

func (a *adder) purl() string {
	if a.r.PURL != "" {
		return Template(a.r.PURL, a.version)
	}
	purl, why := proposePURL(a.base, a.version, a.url)
	if purl != "" {
		a.note("purl: %s (%s)", purl, why)
	}
	return purl
}
