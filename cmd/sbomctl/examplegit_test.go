package main

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// gitArchive is what examples/git reads, and describes.
const gitArchive = "git-2.39.5.tar.xz"

// gitDistdir returns the folder with the real git 2.39.5: that of $SBOMCTL_DISTDIR, or the folder git beside it. Otherwise the test is skipped.
func gitDistdir(t testing.TB) string {
	dir := distdir(t)
	for _, d := range []string{dir, filepath.Join(filepath.Dir(filepath.Clean(dir)), "git")} {
		if _, err := os.Stat(filepath.Join(d, gitArchive)); err == nil {
			return d
		}
	}
	t.Skipf("there is no %s in SBOMCTL_DISTDIR, nor in a folder git beside it", gitArchive)
	return ""
}

// gitExample returns a copy of examples/git.
func gitExample(t testing.TB) *realWorkspace {
	w := emptyWorkspace(t)
	copyTree(t, filepath.Join(repository, "examples/git"), w.root)
	return w
}

// TestGitExample builds what examples/git declares of a project that is not CPython, from the real archive: every file of it and
// its symbolic link, five packages of which four have no version, in all formats.
func TestGitExample(t *testing.T) {
	dir := gitDistdir(t)
	w := gitExample(t)
	if r := w.build("//...", "--distdir="+dir); r.code != 0 {
		t.Fatalf("exit code %d:\n%s", r.code, r.stderr)
	}
	var doc struct {
		Name     string
		Packages []struct{ SPDXID, Name, VersionInfo, LicenseConcluded, LicenseDeclared, CopyrightText, Supplier string }
		Files    []struct {
			SPDXID, FileName, Comment string
			Checksums                 []struct{ Algorithm, ChecksumValue string }
		}
		Relationships              []struct{ SpdxElementId, RelationshipType, RelatedSpdxElement string }
		HasExtractedLicensingInfos []struct{ LicenseId string }
	}
	if err := json.Unmarshal([]byte(w.read("sbom-out/"+gitArchive+".spdx.json")), &doc); err != nil {
		t.Fatal(err)
	}
	var packages []string
	names := map[string]string{}
	for _, p := range doc.Packages {
		packages = append(packages, strings.TrimSpace(p.Name+" "+p.VersionInfo))
		names[p.SPDXID] = p.Name
		if p.LicenseConcluded == "NOASSERTION" || p.LicenseDeclared == "NOASSERTION" || p.Supplier == "NOASSERTION" || p.CopyrightText == "NOASSERTION" && p.Name != "git" {
			t.Errorf("%s is not described: %+v", p.Name, p)
		}
	}
	slices.Sort(packages)
	if want := []string{"git 2.39.5", "libxdiff", "nedmalloc 1.05", "poll", "regex", "sha1collisiondetection"}; !slices.Equal(packages, want) {
		t.Errorf("packages %q, want %q", packages, want)
	}
	if len(doc.HasExtractedLicensingInfos) != 1 || doc.Name != "git SBOM" {
		t.Errorf("%s with the licences %+v", doc.Name, doc.HasExtractedLicensingInfos)
	}

	// The archive's members are counted by another program.
	listing, err := exec.Command("tar", "-tvf", filepath.Join(dir, gitArchive)).Output()
	if err != nil {
		t.Fatal(err)
	}
	members := 0
	for _, line := range strings.Split(strings.TrimSpace(string(listing)), "\n") {
		if !strings.HasPrefix(line, "d") {
			members++
		}
	}
	if len(doc.Files) != members {
		t.Errorf("%d files are listed, and the archive has %d and links", len(doc.Files), members)
	}
	links := 0
	for _, f := range doc.Files {
		if f.Comment == "" {
			continue
		}
		links++
		// git hash-object would say so of the link's text, too, but for its header.
		if f.FileName != "RelNotes" || f.Comment != "symbolic link to Documentation/RelNotes/2.39.5.txt" ||
			f.Checksums[1].ChecksumValue != "85eaa9b3f513d34fe6f7a533b35c50c31a0de8327e9f82f635bf4c8d88b2c147" {
			t.Errorf("%+v", f)
		}
	}
	if links != 1 {
		t.Errorf("%d links, want RelNotes", links)
	}
	contains := map[string]int{}
	for _, r := range doc.Relationships {
		if r.RelationshipType == "CONTAINS" && strings.HasPrefix(r.RelatedSpdxElement, "SPDXRef-FILE-") {
			contains[names[r.SpdxElementId]]++
		}
	}
	want := map[string]int{"libxdiff": 15, "nedmalloc": 5, "poll": 2, "regex": 6, "sha1collisiondetection": 5, "git": members - 33}
	if !maps.Equal(contains, want) {
		t.Errorf("files of packages: %v, want %v", contains, want)
	}

	// Other formats have the same packages, and say of no version that there is none.
	for _, suffix := range []string{".cdx.json", ".1.7.cdx.json"} {
		var bom struct {
			SpecVersion string
			Metadata    struct {
				Component struct{ Name, Version string }
			}
			Components []struct {
				Type, Name string
				Version    *string
			}
		}
		if err := json.Unmarshal([]byte(w.read("sbom-out/"+gitArchive+suffix)), &bom); err != nil {
			t.Fatal(err)
		}
		got := []string{bom.Metadata.Component.Name + " " + bom.Metadata.Component.Version}
		for _, c := range bom.Components {
			if c.Type == "file" {
				continue
			}
			name := c.Name
			if c.Version != nil {
				name += " " + *c.Version
			}
			got = append(got, name)
		}
		slices.Sort(got)
		if !slices.Equal(got, packages) {
			t.Errorf("%s has %q, want %q", suffix, got, packages)
		}
	}
	if n := strings.Count(w.read("sbom-out/"+gitArchive+".spdx"), "\nPackageVersion: "); n != 2 {
		t.Errorf("tag-value has %d versions, want 2", n)
	}
	if n := strings.Count(w.read("sbom-out/"+gitArchive+".spdx3.json"), `"software_packageVersion":`); n != 2 {
		t.Errorf("SPDX 3 has %d versions, want 2", n)
	}

	if r := w.build("//...", "--distdir="+dir); r.code != 0 || !strings.Contains(r.stderr, "sbomctl: 0 ran, ") {
		t.Errorf("again: exit code %d:\n%s", r.code, r.stderr)
	}
	r := w.run("check", "//...", "--disk_cache="+w.cache, "--distdir="+dir)
	if r.code != 0 || !strings.Contains(r.stderr, "sbomctl: 3 notes: 0 ran, ") || strings.Count(r.stdout, `no versionInfo of "libxdiff", "poll", "regex", "sha1collisiondetection"`) != 2 {
		t.Errorf("check: exit code %d\n%s%s", r.code, r.stdout, r.stderr)
	}
}

// TestGitExampleStale edits git's tree as a next release might, and all that is declared otherwise is named.
func TestGitExampleStale(t *testing.T) {
	dir := gitDistdir(t)
	w := gitExample(t)
	if err := os.Mkdir(w.path("tree"), 0o777); err != nil {
		t.Fatal(err)
	}
	args := []string{"-xf", filepath.Join(dir, gitArchive), "-C", w.path("tree"), "--strip-components=1"}
	for _, name := range []string{"GIT-VERSION-GEN", "version", "README.md", "sha1dc", "compat/regex", "compat/nedmalloc", "compat/poll", "xdiff"} {
		args = append(args, "git-2.39.5/"+name)
	}
	if out, err := exec.Command("tar", args...).CombinedOutput(); err != nil {
		t.Fatalf("tar: %v: %s", err, out)
	}
	check := func(targets ...string) result {
		t.Helper()
		return w.run(append([]string{"check", "--disk_cache=" + w.cache, "--distdir=" + dir, "--override=//:git=" + w.path("tree")}, targets...)...)
	}
	packages := []string{"//:vendored"}
	for _, name := range []string{"nedmalloc", "poll", "regex", "sha1collisiondetection", "xdiff"} {
		packages = append(packages, "//:"+name+"/notices")
	}
	if r := check(packages...); r.code != 0 {
		t.Fatalf("as released: exit code %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	const noNotice = "does not carry the notice of its package's licence [no-notice]"
	for _, c := range []struct{ name, file, old, new, want string }{
		{"another version", "compat/nedmalloc/Readme.txt", "nedalloc v1.05 ", "nedalloc v1.06 ", `//:nedmalloc: version is "1.06" here, but "1.05" is declared`},
		{"a version where there was none", "xdiff/xdiff.h", "#define XDIFF_H\n", "#define XDIFF_H\n#define XDIFF_VERSION \"0.23\"\n", `xdiff.h:25:15: error: //:xdiff: "VERSION \"0.23\"" is stated here, and absent() says that nothing is`},
		{"another licence", "compat/poll/poll.c", "either version 2, or", "either version 3, or", "//:poll: evidence not found"},
		{"a notice that was cut off", "compat/regex/regexec.c", "GNU Lesser General Public", "some", noNotice},
		{"a file from elsewhere", "xdiff/xnew.c", "", "/* All rights reserved. */\n", noNotice},
	} {
		before, err := os.ReadFile(w.path("tree/" + c.file))
		if err != nil {
			w.write("tree/"+c.file, c.new)
		} else {
			text := string(before)
			if !strings.Contains(text, c.old) {
				t.Fatalf("%s has no %q", c.file, c.old)
			}
			w.write("tree/"+c.file, strings.ReplaceAll(text, c.old, c.new))
		}
		if r := check(packages...); r.code != 3 || !strings.Contains(r.stdout, c.want) || strings.Count(r.stdout, ": error: ") != 1 {
			t.Errorf("%s: exit code %d\n%s%s", c.name, r.code, r.stdout, r.stderr)
		}
		if before == nil {
			if err := os.Remove(w.path("tree/" + c.file)); err != nil {
				t.Fatal(err)
			}
		} else {
			w.write("tree/"+c.file, string(before))
		}
	}

	// The name of the archive is held against both of its files that state the version.
	w.write("BUILD.star", strings.ReplaceAll(w.read("BUILD.star"), "download/git-2.39.5", "download/git-2.39.6"))
	r := w.run("check", "--disk_cache="+w.cache, "--distdir="+dir, "//:"+gitArchive)
	for _, want := range []string{`git-2\.39\.6\.tar\.xz!GIT-VERSION-GEN:4:10: error: .*the tree is version "2\.39\.5"`, `hint: it is stated at version:1, too`} {
		if r.code != 3 || !regexp.MustCompile(want).MatchString(r.stdout) {
			t.Errorf("exit code %d, it does not say %s\n%s%s", r.code, want, r.stdout, r.stderr)
		}
	}
}
