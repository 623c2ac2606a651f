package spdx

import (
	"context"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/finding"
)

// SourceParams are the parameters of "spdx.source". Inputs: "archive" (the artifact; its digest is
// used), "sha512" (output of "spdx.sha512"), "members" (every file of it, in archive order; links too), "own" (the SBOM that it carries),
// "base" (the base SBOM as a fragment), "whole" (as a whole document, if it is one), "wheels" (outputs of
// "wheel.packages"), "license:LABEL" (the files of that target's LicenseRefs). Output: "document".
type SourceParams struct {
	Artifact   string       `json:"artifact"` // file name
	Product    Product      `json:"product"`
	Packages   []Metadata   `json:"packages"` // of the base SBOM
	Superseded []Superseded `json:"superseded"`
	Label      string       `json:"label,omitempty"` // of the SBOM, for messages
	BaseLabel  string       `json:"base_label"`      // for messages
	Own        string       `json:"own"`             // pattern that the input "own" was looked for by, for messages
}

func runSource(_ context.Context, call action.Call) error {
	var p SourceParams
	if err := call.Params(&p); err != nil {
		return err
	}
	a, err := p.Product.Naming.Artifact(p.Artifact)
	if err != nil {
		return err
	}
	archive, err := action.OnlyFile(call, "archive")
	if err != nil {
		return err
	}
	in := SourceInput{Artifact: a, SHA256: archive.Digest.Hex(), Product: p.Product, BaseLabel: p.BaseLabel,
		OwnPath: p.Own, Superseded: p.Superseded, Label: p.Label}
	if in.SHA512, err = hashedSHA512(call, ""); err != nil {
		return err
	}
	if err := readOwn(call, &in); err != nil {
		return err
	}
	if in.Base, err = readDocument(call, "base", strings.TrimSpace("base SBOM "+p.BaseLabel)); err != nil {
		return err
	}
	if len(call.Files("whole")) > 0 && in.Own != nil && in.Own.whole {
		if in.Built, err = readDocument(call, "whole", strings.TrimSpace("base SBOM "+p.BaseLabel)); err != nil {
			return err
		}
	}
	if p.Product.Profile == Complete {
		if in.Packages, err = packagesOf(p.Packages, p.Product.scope(a)); err != nil {
			return err
		}
	}
	if in.Wheels, err = readWheels(call); err != nil {
		return err
	}
	if in.Licenses, err = licensesOf(call, &p.Product, p.Packages, wheelMetadata(in.Wheels)); err != nil {
		return err
	}
	if in.Members, err = membersOf(call.Files("members")); err != nil {
		return err
	}
	doc, notes, err := Source(in)
	if err != nil {
		return err
	}
	reportSuperseded(call, notes)
	reportUnknown(call, p.Product, p.Packages, wheelMetadata(in.Wheels))
	return writeDocument(call, doc)
}

// readOwn reads the SBOM that the archive carries. One that carries none is what its declarations say, and nothing that is in
// it can contradict them.
func readOwn(call action.Call, in *SourceInput) error {
	found := call.Files("own")
	if len(found) > 1 {
		var paths []string
		for _, f := range found[:min(len(found), maxFilesNamed)] {
			paths = append(paths, strconv.Quote(path.Clean(f.Path)))
		}
		return &diag.Error{Attr: "own", Msg: fmt.Sprintf("%s holds %d files that match %s: %s; which of them is its SBOM?", in.Artifact.Name, len(found), in.OwnPath, strings.Join(paths, ", ")),
			Hints: []string{"set own = " + paths[0]}}
	}
	if len(found) == 1 {
		in.OwnPath = path.Clean(found[0].Path)
		var err error
		in.Own, err = readDocument(call, "own", in.OwnPath)
		return err
	}
	what := strings.TrimPrefix(in.OwnPath, "**/")
	if len(in.Superseded) > 0 {
		e := &diag.Error{Attr: "superseded", Msg: fmt.Sprintf("it speaks of the SBOM in %s, which holds none", in.Artifact.Name)}
		if what != "" {
			e.Msg = fmt.Sprintf("it speaks of %s in %s, which is not there", what, in.Artifact.Name)
		}
		return e
	}
	f := finding.Finding{Rule: OwnID, Severity: finding.Note, Attr: "own", Msg: fmt.Sprintf("%s is compared with no SBOM of its own", in.Artifact.Name)}
	if what != "" {
		f.Msg = fmt.Sprintf("%s holds no %s, so that it is compared with no SBOM of its own", in.Artifact.Name, what)
		f.Hints = []string{"own = \"\" says that it has none"}
		if in.BaseLabel != "" {
			f.Hints = append(f.Hints, "a source_archive gets it with overlay = {"+strconv.Quote(what)+": "+strconv.Quote(in.BaseLabel)+"}; where it is called otherwise, set own")
		}
	}
	call.Report(f)
	return nil
}

// membersOf returns the files of an archive.
func membersOf(files []action.File) ([]Member, error) {
	members := make([]Member, 0, len(files))
	for i := range files {
		f := &files[i]
		if f.Folder {
			continue // SPDX has none
		}
		s, err := sumsOf(*f)
		if err != nil {
			return nil, err
		}
		m := Member{Path: f.Path, SHA1: s.SHA1, SHA256: f.Digest.Hash, Link: f.Link}
		if s.Text != nil {
			m.LF = &s.Text.SHA256
		}
		members = append(members, m)
	}
	return members, nil
}
