package spdx

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// edited parses the base golden with text replaced.
func edited(t testing.TB, replacements ...string) *Document {
	t.Helper()
	text := strings.NewReplacer(replacements...).Replace(string(golden(t, "Misc-sbom.spdx.json")))
	doc, err := Parse("Misc/sbom.spdx.json", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// truth is the base SBOM with expat as 3.13.5's tree really has it: 2.7.1, without refresh.sh.
func truth(t testing.TB) *Document {
	t.Helper()
	doc := edited(t, "2.6.3", "2.7.1", "R_2_6_3", "R_2_7_1")
	doc.Files = slices.DeleteFunc(doc.Files, func(f File) bool { return f.Path == "Modules/expat/refresh.sh" })
	doc.Relationships = slices.DeleteFunc(doc.Relationships, func(r Relationship) bool {
		return r.Related == "SPDXRef-FILE-Modules-expat-refresh.sh"
	})
	return doc
}

const expatEntry = `superseded("expat", reason = "why the declaration is right", says = {` +
	`"downloadLocation": "https://github.com/libexpat/libexpat/releases/download/R_2_6_3/expat-2.6.3.tar.gz", ` +
	`"externalRefs": "cpe:2.3:a:libexpat_project:libexpat:2.6.3:*:*:*:*:*:*:*", "files": "also Modules/expat/refresh.sh", "versionInfo": "2.6.3"})`

const onTarget = `or, where it cannot be mended, add to superseded of the target: ` + expatEntry

// expatSays is the entry for what the archive's own SBOM says of expat.
func expatSays(reason string) []Superseded {
	return []Superseded{{Package: "expat", Reason: reason, Says: map[string]string{"versionInfo": "2.6.3", "files": "also Modules/expat/refresh.sh"},
		Fields: []string{"downloadLocation", "externalRefs"}}}
}

func TestSourceDiffersFromBase(t *testing.T) {
	in := sourceInput(t, goldenMembers(t))
	in.Base = truth(t)
	_, _, err := Source(in)
	hints := "\n  hint: regenerate it: sbomctl build //:base_sbom\n  hint: " + onTarget
	const where = "Misc/sbom.spdx.json of Python-3.13.5.tar.xz"
	wantError(t, "not declared", err, strings.Join([]string{
		`Misc/sbom.spdx.json: package "expat": downloadLocation is "https://github.com/libexpat/libexpat/releases/download/R_2_6_3/expat-2.6.3.tar.gz" in ` +
			where + `, but "https://github.com/libexpat/libexpat/releases/download/R_2_7_1/expat-2.7.1.tar.gz" in the base SBOM //:base_sbom`,
		`Misc/sbom.spdx.json: package "expat": externalRefs is cpe:2.3:a:libexpat_project:libexpat:2.6.3:*:*:*:*:*:*:* in ` +
			where + `, but cpe:2.3:a:libexpat_project:libexpat:2.7.1:*:*:*:*:*:*:* in the base SBOM //:base_sbom`,
		`Misc/sbom.spdx.json: package "expat": versionInfo is "2.6.3" in ` + where + `, but "2.7.1" in the base SBOM //:base_sbom`,
		`Misc/sbom.spdx.json: package "expat": files are 21 in ` + where + ` and 20 in the base SBOM //:base_sbom: Modules/expat/refresh.sh is only in the former` + hints,
	}, "\n"))

	in.Superseded = expatSays("Modules/expat/expat.h is\n2.7.1")
	doc, notes, err := Source(in)
	if err != nil {
		t.Fatal(err)
	}
	const note = `package "expat" of Misc/sbom.spdx.json in Python-3.13.5.tar.xz is superseded ` +
		`(it differs in downloadLocation, differs in externalRefs, says version "2.6.3", lists 21 files): Modules/expat/expat.h is 2.7.1`
	notice := Note{`package "expat" of Misc/sbom.spdx.json in Python-3.13.5.tar.xz is superseded`, []string{
		`Misc/sbom.spdx.json differs in downloadLocation, differs in externalRefs, says version "2.6.3", lists 21 files`,
		"declared why: Modules/expat/expat.h is 2.7.1",
	}}
	if len(notes) != 1 || notes[0].Msg != notice.Msg || !slices.Equal(notes[0].Detail, notice.Detail) {
		t.Errorf("notes are %q", notes)
	}
	text := render(t, doc)
	valid(t, "superseded", text)
	for _, p := range doc.Packages {
		if want := map[string]string{"expat": note}[p.Name]; p.Comment != want {
			t.Errorf("comment of %s is %q", p.Name, p.Comment)
		}
	}
	if want := `      "comment": "package \"expat\" of`; !bytes.Contains(text, []byte(want)) {
		t.Errorf("no %s in the document", want)
	}
	if !slices.Contains(doc.Relationships, Relationship{"SPDXRef-PACKAGE-cpython", contains, "SPDXRef-FILE-Modules-expat-refresh.sh"}) {
		t.Error("refresh.sh, which the base does not claim, is not the product's own")
	}

	in.Superseded = append(expatSays(" "), Superseded{Package: "libb3", Reason: "x", Fields: []string{"files"}})
	_, _, err = Source(in)
	wantError(t, "unused", err, `superseded of "expat" gives no reason
superseded names package "libb3", but Misc/sbom.spdx.json of Python-3.13.5.tar.xz does not differ from the base SBOM //:base_sbom in it
  hint: remove the entry`)
}

func TestSourcePackageMissing(t *testing.T) {
	in := sourceInput(t, goldenMembers(t))
	in.BaseLabel = ""
	own := strings.NewReplacer(`"name": "macholib"`, `"name": "other"`, "SPDXRef-PACKAGE-macholib", "SPDXRef-PACKAGE-other").
		Replace(string(golden(t, "Misc-sbom.spdx.json")))
	var err error
	if in.Own, err = Parse("own", []byte(own)); err != nil {
		t.Fatal(err)
	}
	_, _, err = Source(in)
	wantError(t, "missing", err, `Misc/sbom.spdx.json: package "macholib": the base SBOM has version "1.0" of it, but it is not in Misc/sbom.spdx.json of Python-3.13.5.tar.xz
  hint: where it cannot be mended, add to superseded of the target: superseded("macholib", reason = "why the declaration is right", says = {"package": "absent"})
Misc/sbom.spdx.json: package "other": Misc/sbom.spdx.json of Python-3.13.5.tar.xz has version "1.0" of it, but it is not in the base SBOM
  hint: where it cannot be mended, add to superseded of the target: superseded("other", reason = "why the declaration is right", says = {"package": "1.0"})`)

	in.Superseded = []Superseded{{Package: "macholib", Reason: "it is there", Says: map[string]string{"package": "absent"}}, {Package: "other", Reason: "it is not", Says: map[string]string{"package": "1.0"}}}
	doc, _, err := Source(in)
	if err != nil {
		t.Fatal(err)
	}
	if want := `package "other" of Misc/sbom.spdx.json in Python-3.13.5.tar.xz is superseded (it lists version "1.0"): it is not`; doc.Comment != want {
		t.Errorf("the document's comment is %q", doc.Comment)
	}
	valid(t, "document comment", render(t, doc))
}

func member(t *testing.T, members []Member, path string) *Member {
	t.Helper()
	for i := range members {
		if members[i].Path == path {
			return &members[i]
		}
	}
	t.Fatal("no member " + path)
	return nil
}

func TestSourceFilesDisagree(t *testing.T) {
	in := sourceInput(t, goldenMembers(t))
	was := member(t, in.Members, "Modules/expat/COPYING").SHA256
	member(t, in.Members, "Modules/expat/COPYING").SHA256 = [32]byte{1}
	member(t, in.Members, "Modules/expat/ascii.h").Path = "Modules/expat/ascii2.h"
	member(t, in.Members, "Lib/ensurepip/_bundled/pip-25.1.1-py3-none-any.whl").SHA256 = [32]byte{2}
	_, _, err := Source(in)
	wantError(t, "files", err, fmt.Sprintf(`Modules/expat/COPYING: SHA-256 is %x in Misc/sbom.spdx.json, but 01%062d in Python-3.13.5.tar.xz
Modules/expat/ascii.h: Misc/sbom.spdx.json lists the file, but Python-3.13.5.tar.xz does not hold it
  hint: regenerate it: sbomctl build //:base_sbom
Python-3.13.5.tar.xz holds no file with the SHA-256 %s of the wheel of pip 25.1.1
  hint: its Lib/ensurepip/_bundled/pip-25.1.1-py3-none-any.whl has the SHA-256 02%062d`,
		was, 0, pip().Package.SHA256, 0))

	// A superseded package's own checksums do not count, but the base's do.
	in = sourceInput(t, goldenMembers(t))
	in.Base = truth(t)
	in.Superseded = expatSays("it is 2.7.1")
	member(t, in.Members, "Modules/expat/COPYING").SHA256 = [32]byte{1}
	_, _, err = Source(in)
	wantError(t, "base", err, fmt.Sprintf(`Modules/expat/COPYING: SHA-256 is %x in the base SBOM //:base_sbom, but 01%062d in Python-3.13.5.tar.xz
  hint: regenerate it: sbomctl build //:base_sbom`, was, 0))

	in = sourceInput(t, nil)
	in.Wheels = nil
	_, _, err = Source(in)
	if err == nil || !strings.Contains(err.Error(), "\n91 more files of Misc/sbom.spdx.json differ in Python-3.13.5.tar.xz\n  hint: ") {
		t.Errorf("111 missing files: %v", err)
	}
	in = sourceInput(t, append(goldenMembers(t), goldenMembers(t)[0]))
	_, _, err = Source(in)
	wantError(t, "twice", err, `archive Python-3.13.5.tar.xz holds ".coveragerc" twice`)
}

// TestSourceCRLF: a vendored text file that the archive holds with CRLF agrees with the checksum
// of its LF form, and the document states that of the bytes that are shipped.
func TestSourceCRLF(t *testing.T) {
	in := sourceInput(t, goldenMembers(t))
	m := member(t, in.Members, "Modules/expat/COPYING")
	lf, raw := m.SHA256, sha256.Sum256([]byte("with CRLF"))
	m.SHA256, m.LF = raw, &lf
	doc, _, err := Source(in)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(doc.Files, func(f File) bool { return f.Path == m.Path })
	if doc.Files[i].SHA256 != raw {
		t.Errorf("SHA-256 is %x, want that of the raw bytes", doc.Files[i].SHA256)
	}
}

// TestSourceIDOfVendoredFile: upstream dies with a bare assertion when a file's identifier is that
// of a vendored file.
func TestSourceIDOfVendoredFile(t *testing.T) {
	in := sourceInput(t, append(goldenMembers(t), Member{Path: "Modules/expat_COPYING"}))
	doc, _, err := Source(in)
	if err != nil {
		t.Fatal(err)
	}
	want := "SPDXRef-FILE-Modules-expat-COPYING-" + sum([]byte("SPDXRef-FILE-Modules/expat_COPYING"))[:8]
	if i := slices.IndexFunc(doc.Files, func(f File) bool { return f.Path == "Modules/expat_COPYING" }); doc.Files[i].ID != want {
		t.Errorf("identifier is %s, want %s", doc.Files[i].ID, want)
	}
	valid(t, "collision", render(t, doc))
}

// TestSourceIndependent: a document does not depend on those that were made before it.
func TestSourceIndependent(t *testing.T) {
	first := sourceInput(t, goldenMembers(t))
	slices.Reverse(first.Members) // gives other files the bare identifiers
	for _, in := range []SourceInput{first, sourceInput(t, goldenMembers(t))} {
		doc, _, err := Source(in)
		if err != nil {
			t.Fatal(err)
		}
		if equal := bytes.Equal(render(t, doc), golden(t, tarball+".spdx.json")); equal == (in.Members[0].Path != ".coveragerc") {
			t.Errorf("equal to the golden: %t", equal)
		}
	}
}
