package spdx

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/finding"
)

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
