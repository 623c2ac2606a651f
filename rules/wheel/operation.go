package wheel

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/rules/ident"
	"github.com/sbomctl/sbomctl/rules/spdx"
	"github.com/sbomctl/sbomctl/rules/version"
)

// Params are the parameters of the operation "wheel.packages".
type Params struct {
	Label           string            `json:"label"`                      // target, for errors and the command that writes its lock
	PackageName     string            `json:"package_name"`               // project that the wheel must be of: "pip"
	VendorTXT       string            `json:"vendor_txt"`                 // path inside the wheel; "" when it vendors nothing
	Lock            string            `json:"lock,omitempty"`             // path of the lock file in the workspace, for errors; "": the input's own path
	License         string            `json:"license,omitempty"`          // of the wheel's package; "" or NOASSERTION: what the lock says
	LicenseDeclared string            `json:"license_declared,omitempty"` // likewise; "": what the wheel states, else the lock
	Copyright       string            `json:"copyright,omitempty"`        // of the wheel's package
	Homepage        string            `json:"homepage,omitempty"`         // of the wheel's package; "": what the wheel states, else the lock
	Supplier        string            `json:"supplier,omitempty"`         // of the wheel's package and of what is vendored in it, which came with it
	LicenseRefs     []spdx.LicenseRef `json:"license_refs,omitempty"`     // those that both name
	Originator      string            `json:"originator,omitempty"`       // of the wheel's package: "Organization: Python Packaging Authority"; "": what the wheel states, else the lock
	CPE             string            `json:"cpe,omitempty"`              // of the wheel's package; {version} is replaced
}

// Operations returns this package's operation, "wheel.packages": inputs "wheel" (exactly one file)
// and "lock" (at most one), output "packages" (a spdx.Wheel as JSON; what it vendors is in vendor.txt's
// order). Names are in lower case, otherwise as written; a download_url that is not known is NOASSERTION, a
// sha256 that is not known is left out.
func Operations() []action.Operation {
	return []action.Operation{{Name: "wheel.packages", Version: 4, Run: run}}
}

func run(_ context.Context, call action.Call) error {
	var p Params
	if err := call.Params(&p); err != nil {
		return err
	}
	w, err := ReadWheel(call, p)
	if err != nil {
		return withLabel(err, p.Label)
	}
	lock, err := readLock(call, w, p)
	if err != nil {
		return withLabel(err, p.Label)
	}
	cpe, err := cpeOf(p.CPE, w.Version)
	if err != nil {
		return withLabel(err, p.Label)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(describe(w, lock, p, cpe)); err != nil {
		return err
	}
	return action.WriteOutput(call, "packages", b.Bytes())
}

// ReadWheel inspects the wheel that a call of "wheel.packages" is given. Its errors may lack the label.
func ReadWheel(call action.Call, p Params) (*Wheel, error) {
	files := call.Files("wheel")
	if len(files) != 1 {
		d := &diag.Error{Msg: "the tree has no wheel where one is declared"}
		if len(files) > 1 {
			var paths []string
			for _, f := range files {
				paths = append(paths, f.Path)
			}
			d.Msg = fmt.Sprintf("%d files are taken for the wheel, expected one: %s", len(files), strings.Join(paths[:min(len(paths), 10)], ", "))
			d.Hints = []string{"remove the old one, or name the wheel in src"}
		}
		return nil, d
	}
	f := files[0]
	in, err := call.OpenAt(f)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return Inspect(in, f.Digest.Size, f.Path, f.Digest.Hex(), p.PackageName, p.VendorTXT)
}

// LockName is the name that a project's lock file should have.
func LockName(project string) string { return project + ".lock.json" }

// readLock returns the lock, nil when there is none.
func readLock(call action.Call, w *Wheel, p Params) (*Lock, error) {
	files := call.Files("lock")
	switch len(files) {
	case 0:
		if p.Lock != "" {
			return nil, &diag.Error{Pos: diag.File(p.Lock), Msg: "the lock file is not there", Hints: []string{"run: sbomctl lock " + p.Label}}
		}
		call.Report(finding.Finding{Rule: "wheel-lock", Severity: finding.Warning, Attr: "lock",
			Msg:   "no lock file is named: URLs and checksums of what the wheel vendors are NOASSERTION",
			Hints: []string{fmt.Sprintf("add lock = %q and run: sbomctl lock %s", LockName(p.PackageName), p.Label)}})
		return nil, nil
	case 1:
	default:
		return nil, &diag.Error{Msg: fmt.Sprintf("%d lock files, expected at most one", len(files))}
	}
	content, err := call.Read(files[0], MaxLockBytes)
	if err != nil {
		return nil, err
	}
	path := p.Lock
	if path == "" {
		path = files[0].Path
	}
	lock, err := ParseLock(path, content)
	if err != nil {
		return nil, err
	}
	if err := lock.Agree(w, p.Label); err != nil {
		return nil, err
	}
	for _, f := range lock.Findings(p.Label) {
		call.Report(f)
	}
	return lock, nil
}

// cpeOf is the declared CPE of the wheel's package, which must be of the version that the wheel is.
func cpeOf(text, v string) (string, error) {
	if text == "" {
		return "", nil
	}
	cpe, err := version.Fill(text, map[string]string{"version": v}, ident.QuoteCPE)
	if err == nil {
		err = ident.CPEOf(cpe, v)
	}
	var d *diag.Error
	if errors.As(err, &d) {
		d.Attr = "cpe"
	}
	return cpe, err
}

// describe joins what is declared, and what the wheel and the lock (nil: none) say; cpe is the declared one with the version.
func describe(w *Wheel, lock *Lock, p Params, cpe string) spdx.Wheel {
	if lock == nil {
		lock = &Lock{}
	}
	metadata := func(name, version string, e Entry) spdx.Metadata {
		return spdx.Metadata{Name: name, Version: version, License: e.concluded(), LicenseDeclared: e.License, Originator: e.Author, Homepage: e.Homepage,
			Supplier: p.Supplier, DownloadURL: cmp.Or(e.URL, ident.NoAssertion), SHA256: e.SHA256, PURL: Purl(name, version)}
	}
	entry := lock.Wheel
	entry.SHA256 = w.SHA256 // known without a lock, too
	pkg := metadata(strings.ToLower(p.PackageName), w.Version, entry)
	if p.License != "" && p.License != ident.NoAssertion {
		pkg.License = p.License
	}
	pkg.LicenseDeclared = cmp.Or(p.LicenseDeclared, w.Stated.License, pkg.LicenseDeclared)
	pkg.LicenseRefs, pkg.Copyright = p.LicenseRefs, p.Copyright
	pkg.Originator = cmp.Or(p.Originator, w.Stated.Author, pkg.Originator)
	pkg.Homepage = cmp.Or(p.Homepage, w.Stated.Homepage, pkg.Homepage)
	pkg.CPE = cpe
	out := spdx.Wheel{Path: w.Path, Package: pkg, Vendored: []spdx.Metadata{}}
	for _, r := range w.Vendored {
		entry, _ := lock.Find(r.ShownName()) // a lock has them all: Agree said so
		out.Vendored = append(out.Vendored, metadata(r.ShownName(), r.Version, entry))
	}
	return out
}

// Purl returns the package URL of a project of the Python package index as upstream's release documents have it: the name in lower case with its
// underscores. Documents of the complete profile have it in canonical form.
func Purl(name, version string) string { return "pkg:pypi/" + strings.ToLower(name) + "@" + version }

// withLabel sets the target of every diagnostic that has none.
func withLabel(err error, label string) error {
	for _, e := range diag.Flatten(err) {
		if d, ok := e.(*diag.Error); ok && d.Label == "" {
			d.Label = label
		}
	}
	return err
}
