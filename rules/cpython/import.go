package cpython

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/cache/osfile"
	"github.com/sbomctl/sbomctl/engine"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/rules/spdx"
)

// Options say what to import, and where to.
type Options struct {
	Tree string // absolute path of a folder, or of an archive
	Dir  string // absolute path of the folder that becomes the workspace's root; it need not exist
}

// Result is what an import comes to. Nothing is written yet.
type Result struct {
	Changes   []engine.Change   // relative to Options.Dir
	Findings  []finding.Finding // what a person should know; errors where a document does not come out as it is in the tree
	Documents []string          // labels of the documents that come out byte for byte
	Vendored  int               // packages declared, of each kind
	Windows   int
	MacOS     int
}

// The files of a tree that are read, beside those of its packages.
const (
	patchlevelPath = "Include/patchlevel.h"
	newsPath       = "Misc/NEWS"
)

// maxInput bounds each of them.
const maxInput = 64 << 20

// Import reads a tree and works out a workspace for it. opt has the rules and the cache.
func Import(ctx context.Context, opt engine.Options, o Options) (*Result, error) {
	if err := vacant(o.Dir); err != nil {
		return nil, err
	}
	place, err := locate(o)
	if err != nil {
		return nil, err
	}
	s, err := newScratch(ctx, opt, o.Tree)
	if err != nil {
		return nil, err
	}
	defer s.close()
	im := &importer{scratch: s, place: place, used: map[string]bool{"all": true}}
	for _, name := range []string{treeLabel.Name, "product", "base_sbom", "source_deps_sbom", "macos_deps_sbom", "inventory", place.archive} {
		im.used[name] = true
	}
	if err := im.read(); err != nil {
		return nil, err
	}
	if err := im.vendored(); err != nil {
		return nil, err
	}
	if err := im.windows(); err != nil {
		return nil, err
	}
	if err := im.macos(); err != nil {
		return nil, err
	}
	if err := im.container(); err != nil {
		return nil, err
	}
	return im.finish()
}

// vacant reports what lies where the workspace is to be written.
func vacant(dir string) error {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return &diag.Error{Pos: diag.File(dir), Msg: "a workspace is a folder, and here is a file"}
	}
	var errs diag.List
	for _, name := range []string{engine.RootFile, engine.BuildFile} {
		path := filepath.Join(dir, name)
		if _, err := os.Lstat(path); err == nil {
			errs = append(errs, &diag.Error{Pos: diag.File(path), Msg: "the file is there already, and import replaces none"})
		} else if !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, &diag.Error{Pos: diag.File(path), Msg: "nobody can tell whether the file is there: " + osfile.Reason(err).Error(), Err: err})
		}
	}
	if len(errs) > 0 {
		errs[len(errs)-1].(*diag.Error).Hints = []string{"move what is there away, or name another folder with --output=DIR"}
	}
	return errs.Err()
}

// importer gathers what is declared, step by step.
type importer struct {
	*scratch
	place place
	files map[string][]byte // those that are read, by path; a missing one is not there

	base *spdxDocument
	deps *spdxDocument // nil: the tree has none
	used map[string]bool

	packages []declaration // vendored packages
	libs     []declaration // source deps of Windows
	mac      []declaration
	images   string   // declarations and comments
	licenses []string // that the workspace allows
	left     []string // names of packages that are not declared, which was said

	windowsLines []string // patterns of all libraries that the scripts name
	macosLines   []string

	origins map[string]origin // of each target, by its label
	found   []finding.Finding
}

// origin is where the tree has what a target declares.
type origin struct {
	name string
	pos  diag.Pos
}

// note says something that a person should know.
func (im *importer) note(rule string, severity finding.Severity, pos diag.Pos, msg string, hints ...string) {
	im.found = append(im.found, finding.Finding{Rule: rule, Severity: severity, Pos: pos, Msg: msg, Hints: hints})
}

// missing says that a file is not there and what is left out for that.
func (im *importer) missing(path, without string) {
	im.note("import", finding.Note, diag.File(path), "the tree has no such file: "+without)
}

// read reads the files of the tree that have a fixed place.
func (im *importer) read() error {
	paths := []string{basePath, depsPath, generatorPath, externalsPath, propsPath, tcltkPropsPath, installerPath, containerPath, patchlevelPath, newsPath}
	lists, err := im.find([][]string{paths}, maxInput)
	if err != nil {
		return err
	}
	im.files, im.origins = map[string][]byte{}, map[string]origin{}
	for _, f := range lists[0] {
		if f.content == nil && f.size > 0 {
			return &diag.Error{Pos: diag.File(f.path), Msg: fmt.Sprintf("the file has %d bytes, expected at most %d", f.size, maxInput)}
		}
		im.files[f.path] = append([]byte{}, f.content...)
	}
	if im.files[basePath] == nil {
		return &diag.Error{Pos: diag.File(basePath), Msg: "the tree has no such file; import makes a workspace of the SBOMs that a CPython tree carries, as each does since 3.12",
			Hints: []string{"sbomctl init DIR begins a workspace for a tree that has no SBOM"}}
	}
	if im.files[generatorPath] == nil {
		return &diag.Error{Pos: diag.File(generatorPath), Msg: "the tree has no such file, so nothing says which files belong to which package"}
	}
	if im.base, err = readDocument(basePath, im.files[basePath]); err != nil {
		return err
	}
	if im.files[depsPath] == nil {
		im.missing(depsPath, "no source dependency of Windows is declared, and there is no //:source_deps_sbom")
		return nil
	}
	im.deps, err = readDocument(depsPath, im.files[depsPath])
	return err
}

// common adds the attributes that all packages have. The version is declared as the document has it, and so is everything else.
func (d *declaration) common(p *spdx.Package, packageName string) {
	d.set("package_name", packageName)
	d.attrs = append(d.attrs, attribute{"version", quote(p.Version)})
	if p.License != noAssertion {
		d.set("license", p.License)
	}
	d.set("originator", p.Originator)
	if p.DownloadURL != noAssertion {
		d.set("download_url", templated(p.DownloadURL, p.Version))
	}
	d.set("sha256", checksum(p, "SHA256"))
	d.set("cpe", templated(reference(p, "cpe23Type"), p.Version))
	d.set("purl", templated(reference(p, "purl"), p.Version))
}

const noAssertion = "NOASSERTION"

var (
	versionMacro = regexp.MustCompile(`(?m)^#define[ \t]+PY_VERSION[ \t]+"([0-9A-Za-z.+]{1,40})"`)
	releaseDate  = regexp.MustCompile(`(?m)^\*Release date: ([0-9]{4}-[0-9]{2}-[0-9]{2})\*`)
)

// version is the tree's own; "" when it states none.
func (im *importer) version() string {
	if m := versionMacro.FindSubmatch(im.files[patchlevelPath]); m != nil {
		return strings.TrimSuffix(string(m[1]), "+")
	}
	return ""
}

// finish builds what was declared, compares it with the tree's documents, and returns both.
func (im *importer) finish() (*Result, error) {
	build, root := im.buildFile(), im.rootFile()
	targets := im.targets()
	outputs, err := im.build(build, root, targets)
	if err != nil {
		return nil, im.undeclarable(err)
	}
	r := &Result{Changes: append([]engine.Change{{Path: engine.RootFile, After: root}, {Path: engine.BuildFile, After: build}}, im.place.files...)}
	for _, d := range []struct {
		label string
		doc   *spdxDocument
	}{{"//:base_sbom", im.base}, {"//:source_deps_sbom", im.deps}} {
		switch {
		case d.doc == nil:
		case bytes.Equal(outputs[d.label], d.doc.src):
			r.Documents = append(r.Documents, d.label)
		default:
			im.differs(d.label, d.doc, outputs[d.label])
		}
	}
	r.Findings = im.found
	r.Vendored, r.Windows, r.MacOS = len(im.packages), len(im.libs), len(im.mac)
	return r, nil
}

// attributeWord is where a message of a rule says which attribute it is about. A document has none, but where the message has no
// other subject, the word is needed.
var attributeWord = regexp.MustCompile(`^attribute "([a-z_0-9]+)": (is )?`)

// ofDocument is a message about an attribute as one about a package of a document.
func ofDocument(msg string) string {
	m := attributeWord.FindStringSubmatch(msg)
	switch {
	case m == nil:
		return msg
	case m[2] == "":
		return msg[len(m[0]):]
	}
	return "its " + strings.ReplaceAll(m[1], "_", " ") + " " + m[2] + msg[len(m[0]):]
}

// undeclarable turns errors of the declarations into errors of the document that they come from.
func (im *importer) undeclarable(err error) error {
	var out diag.List
	for _, e := range diag.Flatten(err) {
		var d *diag.Error
		if !errors.As(e, &d) {
			out = append(out, e)
			continue
		}
		c := *d
		c.Label = ""
		if from, ok := im.origins[d.Label]; ok {
			c.Pos, c.Msg = from.pos, fmt.Sprintf("package %q cannot be declared as it is: %s", from.name, ofDocument(d.Msg))
		}
		out = append(out, &c)
	}
	return unlabelled(out.Err())
}

// differs says how the document that is built differs from the tree's.
func (im *importer) differs(label string, doc *spdxDocument, built []byte) {
	say := func(pos diag.Pos, format string, args ...any) {
		im.note("stale", finding.Error, pos, label+" does not come out as the document is: "+fmt.Sprintf(format, args...))
	}
	other, err := spdx.Parse(label, built)
	if err != nil { // never: it was just written
		say(diag.File(doc.path), "%v", err)
		return
	}
	differences := spdx.CompareBase(doc.Document, other)
	for _, d := range differences {
		pos := diag.File(doc.path)
		if i := slices.IndexFunc(doc.Packages, func(p spdx.Package) bool { return p.Name == d.Package }); i >= 0 {
			pos = doc.pos(i, d.Field)
		}
		switch {
		case slices.Contains(im.left, d.Package): // was said
		case d.Field == "files":
			say(pos, "package %q has %s files in the document (the former) and %s in the tree (the latter): %s", d.Package, d.Own, d.Built, d.Detail)
		case d.Field == "package":
			say(pos, "package %q is not declared", d.Package)
		case d.Built == "":
			say(pos, "package %q has the field %s, which no attribute of a package yields", d.Package, d.Field)
		default:
			say(pos, "package %q has the %s %s, but %s is built", d.Package, d.Field, orNothing(d.Own), orNothing(d.Built))
		}
	}
	if len(differences) == 0 {
		n := 0
		for n < len(built) && n < len(doc.src) && built[n] == doc.src[n] {
			n++
		}
		say(diag.At(doc.path, doc.src, n), "it says the same in another order or with other spaces, or something beside packages and files, from here on")
	}
}

func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return clip(s)
}
