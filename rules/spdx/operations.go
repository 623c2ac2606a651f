package spdx

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/finding"
)

// Bounds of what the operations read, in bytes. A wheel vendors some tens of packages.
const (
	maxMetadata   = 1 << 20
	maxChecksums  = 512 << 20
	maxPatchlevel = 1 << 20
)

// The names of outputs.
const (
	outputChecksums = "checksums"
	outputDocument  = "document"
)

// Operations returns the operations of this package, for the engine's registry.
func Operations() []action.Operation {
	return []action.Operation{
		{Name: "spdx.checksums", Version: 2, Run: runChecksums},
		{Name: "spdx.base", Version: 4, Run: runBase},
		{Name: "spdx.deps", Version: 4, Run: runDeps},
		{Name: "spdx.source", Version: 2, Run: runSource},
		{Name: "spdx.binary", Version: 2, Run: runBinary},
		{Name: "spdx.valid", Version: 1, Run: runValid},
		{Name: "spdx.version", Version: 2, Run: runVersion},
	}
}

// ChecksumsParams are the parameters of "spdx.checksums": input "files" (a file set), output
// "checksums". Files go by the text of the pattern that matched, then by path.
type ChecksumsParams struct {
	Patterns []string `json:"patterns"` // of the file set, in its order; [] keeps the file set's own order of patterns
}

func runChecksums(_ context.Context, call action.Call) error {
	var p ChecksumsParams
	if err := call.Params(&p); err != nil {
		return err
	}
	in := slices.Clone(call.Files("files"))
	if len(in) == 0 {
		return &diag.Error{Msg: "no file belongs to the package"}
	}
	for _, f := range in {
		if len(p.Patterns) > 0 && f.Pattern >= len(p.Patterns) {
			return fmt.Errorf("file %s was matched by pattern %d of %d", f.Path, f.Pattern, len(p.Patterns))
		}
	}
	slices.SortStableFunc(in, func(a, b action.File) int {
		if a.Pattern != b.Pattern && len(p.Patterns) > 0 {
			if c := strings.Compare(p.Patterns[a.Pattern], p.Patterns[b.Pattern]); c != 0 {
				return c
			}
		} else if a.Pattern != b.Pattern {
			return a.Pattern - b.Pattern
		}
		return strings.Compare(a.Path, b.Path)
	})
	files := make([]File, len(in))
	for i, f := range in {
		if err := checkPath(f.Path); err != nil {
			return err
		}
		s, err := sumsOf(f)
		if err != nil {
			return err
		}
		files[i] = File{Path: f.Path, SHA1: s.SHA1, SHA256: f.Digest.Hash}
		if s.Text != nil {
			files[i].SHA1, files[i].SHA256 = s.Text.SHA1, s.Text.SHA256
		}
	}
	return write(call, outputChecksums, EncodeChecksums(files))
}

// PackagesParams are the parameters of "spdx.base" and "spdx.deps".
type PackagesParams struct {
	Packages []Metadata `json:"packages"` // in the document's order
}

// runBase is "spdx.base": input "checksums" (the list of each package, in the same order), output "document".
func runBase(_ context.Context, call action.Call) error {
	var p PackagesParams
	if err := call.Params(&p); err != nil {
		return err
	}
	packages, err := packagesOf(p.Packages)
	if err != nil {
		return err
	}
	lists := call.Files("checksums")
	if len(lists) != len(packages) {
		return fmt.Errorf("there are %d packages, but %d lists of checksums", len(packages), len(lists))
	}
	out, err := call.Create(outputDocument)
	if err != nil {
		return err
	}
	comments, err := fileComments(call)
	if err != nil {
		return err
	}
	var shared overlaps
	err = WriteBase(out, packages, func(i int) ([]File, error) {
		data, err := call.Read(lists[i], maxChecksums)
		if err != nil {
			return nil, err
		}
		list, err := ParseChecksums(data)
		for k := range list {
			list[k].Comment = comments[list[k].Path]
		}
		return list, err
	}, shared.add)
	if err != nil {
		return err
	}
	shared.report(call, p.Packages)
	reportIdentifiers(call, p.Packages)
	return out.Close()
}

// runDeps is "spdx.deps": no input, output "document".
func runDeps(_ context.Context, call action.Call) error {
	var p PackagesParams
	if err := call.Params(&p); err != nil {
		return err
	}
	packages, err := packagesOf(p.Packages)
	if err != nil {
		return err
	}
	doc, err := Deps(packages)
	if err != nil {
		return err
	}
	reportIdentifiers(call, p.Packages)
	return writeDocument(call, doc)
}

// SourceParams are the parameters of "spdx.source". Inputs: "archive" (the artifact; its digest is
// used), "members" (every regular file of it, in archive order), "own" (its Misc/sbom.spdx.json),
// "base" (the base SBOM), "wheels" (outputs of "wheel.packages"), "patchlevel" (the archive's
// Include/patchlevel.h). Output: "document".
type SourceParams struct {
	Artifact   string            `json:"artifact"` // file name
	Product    Product           `json:"product"`
	Superseded map[string]string `json:"superseded"` // package name -> reason
	BaseLabel  string            `json:"base_label"` // for messages
	Own        string            `json:"own"`        // path of the input "own", for messages
	Prefix     string            `json:"prefix"`     // folder that members lie in, as Python-<version>; "" when it is stripped already
}

func runSource(_ context.Context, call action.Call) error {
	var p SourceParams
	if err := call.Params(&p); err != nil {
		return err
	}
	a, err := artifactOf(p.Artifact, SourceKind)
	if err != nil {
		return err
	}
	archive, err := single(call, "archive")
	if err != nil {
		return err
	}
	in := SourceInput{Artifact: a, SHA256: archive.Digest.Hex(), Product: p.Product, BaseLabel: p.BaseLabel,
		OwnPath: p.Own, Superseded: p.Superseded}
	if len(call.Files("own")) == 0 {
		return &diag.Error{Attr: "own", Msg: fmt.Sprintf("archive %s holds no %s, which every release since 3.12 has", a.Name, in.OwnPath),
			Hints: []string{"a source_archive gets it with overlay = {" + strconv.Quote(in.OwnPath) + ": " + strconv.Quote(p.BaseLabel) + "}; where it lies elsewhere, set own"}}
	}
	if in.Own, err = readDocument(call, "own", in.OwnPath); err != nil {
		return err
	}
	if in.Base, err = readDocument(call, "base", strings.TrimSpace("base SBOM "+p.BaseLabel)); err != nil {
		return err
	}
	if in.Wheels, err = readWheels(call); err != nil {
		return err
	}
	if err := checkPatchlevel(call, a); err != nil {
		return err
	}
	if in.Members, err = membersOf(call.Files("members"), p.Prefix, a); err != nil {
		return err
	}
	doc, notes, err := Source(in)
	if err != nil {
		return err
	}
	for _, n := range notes {
		call.Report(finding.Finding{Rule: "superseded", Severity: finding.Warning, Attr: "superseded", Msg: n.Msg, Hints: n.Detail})
	}
	return writeDocument(call, doc)
}

// membersOf returns the files of an archive without the folder that they all lie in.
func membersOf(files []action.File, prefix string, a Artifact) ([]Member, error) {
	if want := "Python-" + a.Version; prefix != "" && prefix != want {
		return nil, &diag.Error{Msg: fmt.Sprintf("files of %s lie in %q, expected %q", a.Name, prefix, want)}
	}
	members := make([]Member, len(files))
	for i := range files {
		f := &files[i]
		name := f.Path
		if prefix != "" {
			rest, ok := strings.CutPrefix(name, prefix+"/")
			if !ok {
				return nil, &diag.Error{Msg: fmt.Sprintf("file %q of %s does not lie in %q", name, a.Name, prefix)}
			}
			name = rest
		}
		s, err := sumsOf(*f)
		if err != nil {
			return nil, err
		}
		members[i] = Member{Path: name, SHA1: s.SHA1, SHA256: f.Digest.Hash}
		if s.Text != nil {
			members[i].LF = &s.Text.SHA256
		}
	}
	return members, nil
}

// BinaryParams are the parameters of "spdx.binary". Inputs: "artifact" (none when its checksum is
// declared), "wheels" (outputs of "wheel.packages"). Output: "document". That
// the artifact is of the tree's version is for "spdx.version" to check: no file of the tree is an
// input here.
type BinaryParams struct {
	Artifact string  `json:"artifact"` // file name
	SHA256   string  `json:"sha256"`   // declared; "" when the artifact is an input
	Platform Kind    `json:"platform"` // "windows" or "macos"
	Product  Product `json:"product"`

	Deps []Metadata `json:"deps"` // the platform's source deps, in declared order
	Base []Metadata `json:"base"` // the vendored packages, likewise
}

func runBinary(_ context.Context, call action.Call) error {
	var p BinaryParams
	if err := call.Params(&p); err != nil {
		return err
	}
	if p.Platform != WindowsKind && p.Platform != MacOSKind {
		return &diag.Error{Msg: fmt.Sprintf("platform %q is not \"windows\" or \"macos\"", p.Platform)}
	}
	a, err := artifactOf(p.Artifact, p.Platform)
	if err != nil {
		return err
	}
	in := BinaryInput{Artifact: a, SHA256: p.SHA256, Product: p.Product}
	if files := call.Files("artifact"); len(files) > 0 {
		f, err := single(call, "artifact")
		if err != nil {
			return err
		}
		if got := f.Digest.Hex(); p.SHA256 != "" && p.SHA256 != got {
			return &diag.Error{Msg: fmt.Sprintf("SHA-256 of %s is %s, but %s is declared", a.Name, got, p.SHA256)}
		}
		in.SHA256 = f.Digest.Hex()
	}
	if in.SHA256 == "" {
		return &diag.Error{Msg: fmt.Sprintf("artifact %s has neither a file nor a declared sha256", a.Name)}
	}
	if in.Deps, err = packagesOf(p.Deps); err != nil {
		return err
	}
	if in.Base, err = packagesOf(p.Base); err != nil {
		return err
	}
	if in.Wheels, err = readWheels(call); err != nil {
		return err
	}
	doc, err := Binary(in)
	if err != nil {
		return err
	}
	return writeDocument(call, doc)
}

// VersionParams are the parameters of "spdx.version". Input: "patchlevel" (the tree's
// Include/patchlevel.h). Output: "report", empty: that it exists says that the versions agree.
type VersionParams struct {
	Artifact string `json:"artifact"` // file name
}

func runVersion(_ context.Context, call action.Call) error {
	var p VersionParams
	if err := call.Params(&p); err != nil {
		return err
	}
	a, err := ParseArtifact(p.Artifact)
	if err != nil {
		return err
	}
	if err := checkPatchlevel(call, a); err != nil {
		return err
	}
	return write(call, "report", nil)
}
