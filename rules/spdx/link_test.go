package spdx

import (
	"crypto/sha256"
	"slices"
	"testing"
)

// TestSourceVendoredLink: a base SBOM has the bytes that a symbolic link leads to, since it is made of what is read. The archive's document has
// the link, and both agree if the link leads to these bytes.
func TestSourceVendoredLink(t *testing.T) {
	const path, link = "Modules/expat/COPYING", "../licenses/expat"
	in := sourceInput(t, goldenMembers(t))
	m := member(t, in.Members, path)
	target := *m
	target.Path = "Modules/licenses/expat"
	m.Link, m.SHA256, m.LF = link, sha256.Sum256([]byte(link)), nil
	_, _, err := Source(in)
	wantError(t, "nowhere", err, `Modules/expat/COPYING: Misc/sbom.spdx.json lists the file, but in Python-3.13.5.tar.xz it is a symbolic link to "../licenses/expat", which leads to no file of it
  hint: regenerate it: sbomctl build //:base_sbom`)
	in.Members = append(in.Members, target)
	doc, _, err := Source(in)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(doc.Files, func(f File) bool { return f.Path == path })
	if f := doc.Files[i]; f.SHA256 != sha256.Sum256([]byte(link)) || f.Comment != "symbolic link to "+link {
		t.Errorf("the link is listed as %x, %q", f.SHA256, f.Comment)
	}
}

func TestArchivedContent(t *testing.T) {
	a := archived{by: map[string]int{}}
	for _, m := range []Member{
		{Path: "a/file"}, {Path: "b/c/file"}, {Path: "folder", Link: "b/c"}, {Path: "a/up", Link: ".././b//c/file"}, {Path: "hop", Link: "folder/file"},
		{Path: "a/through", Link: "../folder/file"}, {Path: "b/back", Link: "../folder/../c/file"}, {Path: "slash", Link: "a/file/"}, {Path: "nowhere", Link: "a/gone"}, {Path: "dir", Link: "a"},
		{Path: "out", Link: "../a/file"}, {Path: "root", Link: "/a/file"}, {Path: "self", Link: "self"}, {Path: "ping", Link: "pong"}, {Path: "pong", Link: "ping"},
		{Path: "below", Link: "a/file/x"}, {Path: "grow", Link: "grow/x"},
	} {
		a.by[m.Path] = len(a.members)
		a.members = append(a.members, m)
	}
	for path, want := range map[string]string{
		"a/file": "a/file", "a/up": "b/c/file", "hop": "b/c/file", "folder/file": "b/c/file", "a/through": "b/c/file", "b/back": "b/c/file", "slash": "a/file",
		"nowhere": "", "dir": "", "out": "", "root": "", "self": "", "ping": "", "below": "", "grow": "", "folder": "", "": "",
	} {
		got := ""
		if m, ok := a.content(path); ok {
			got = m.Path
		}
		if got != want {
			t.Errorf("%s leads to %q, want %q", path, got, want)
		}
	}
}
