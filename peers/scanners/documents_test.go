package scanners

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// sbomctl is the program, built by TestMain.
var sbomctl string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "scanners")
	if err != nil {
		panic(err)
	}
	sbomctl = filepath.Join(dir, "sbomctl")
	build := exec.Command("go", "build", "-o", sbomctl, "./cmd/sbomctl")
	build.Dir = root
	build.Env = append(os.Environ(), "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		os.Stderr.Write(out)
		os.RemoveAll(dir)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

const root = "../.."

// written is an SBOM in all formats that it was made in.
type written struct {
	name     string            // "release/python-3.13.5-amd64.exe"
	document []byte            // SPDX 2.3 in JSON
	files    map[string]string // path of each format that the scanners read, by its suffix
}

// The suffixes of files that hold the same SBOM.
var suffixes = []string{".spdx.json", ".spdx", ".cdx.json", ".1.7.cdx.json", ".spdx3.json"}

// build builds the release of a workspace, or all of it where that is no package of its own, and returns its SBOMs: the whole documents among what is built, fragments apart. Whether what is
// declared holds is for other tests to say.
func build(t *testing.T, workspace string, args ...string) (all []written) {
	t.Helper()
	home := t.TempDir()
	targets := "//release:all"
	if _, err := os.Stat(filepath.Join(root, workspace, "release/BUILD.star")); err != nil {
		targets = "//..."
	}
	cmd := exec.Command(sbomctl, append([]string{"build", "--norun_validations", targets}, args...)...)
	cmd.Dir = filepath.Join(root, workspace)
	cmd.Env = append(os.Environ(), "HOME="+home, "XDG_CACHE_HOME="+filepath.Join(home, "cache"))
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("sbomctl build in %s: %v\n%s", workspace, err, stderr.Bytes())
	}
	paths := strings.Split(strings.TrimSpace(stdout.String()), "\n")
	for _, path := range paths {
		base, ok := strings.CutSuffix(path, suffixes[0])
		if !ok {
			continue
		}
		data, err := os.ReadFile(filepath.Join(cmd.Dir, path))
		if err != nil {
			t.Fatal(err)
		}
		if !whole(data) {
			continue
		}
		w := written{name: filepath.Base(base), document: data, files: map[string]string{}}
		for _, s := range suffixes {
			if slices.Contains(paths, base+s) {
				w.files[s] = filepath.Join(cmd.Dir, base+s)
			}
		}
		all = append(all, w)
	}
	if len(all) == 0 {
		t.Fatalf("%s has no SBOMs:\n%s", workspace, stdout.Bytes())
	}
	return all
}

// whole reports whether a document is one that is published: fragments, as CPython checks them in, have no namespace.
func whole(document []byte) bool {
	var d struct {
		Namespace string `json:"documentNamespace"`
	}
	return json.Unmarshal(document, &d) == nil && d.Namespace != ""
}

// component is what a scanner looks a package up by.
type component struct {
	name, version, purl string
	cpes                []string
}

// String is what is compared. Of the package URL it is what the URL says: syft takes it apart and writes it again, and encodes a
// colon in a qualifier (git%2Bhttps%3A%2F%2F...), which the standard (ECMA-427) leaves as it is.
func (c component) String() string {
	head, qualifiers, _ := strings.Cut(c.purl, "?")
	list := strings.Split(qualifiers, "&")
	for i, q := range list {
		if text, err := url.PathUnescape(q); err == nil {
			list[i] = text
		}
	}
	slices.Sort(list)
	return fmt.Sprintf("%s %q purl=%s %s cpes=%s", c.name, c.version, head, strings.Join(list, " "), strings.Join(c.cpes, " "))
}

// stated are the components that a document lists: the product, which it describes, and those that are in it.
func stated(t *testing.T, document []byte) (product component, parts []component) {
	t.Helper()
	var d struct {
		Packages []struct {
			ID      string `json:"SPDXID"`
			Name    string `json:"name"`
			Version string `json:"versionInfo"`
			Refs    []struct {
				Type    string `json:"referenceType"`
				Locator string `json:"referenceLocator"`
			} `json:"externalRefs"`
		} `json:"packages"`
		Relationships []struct {
			Type    string `json:"relationshipType"`
			Related string `json:"relatedSpdxElement"`
		} `json:"relationships"`
	}
	if err := json.Unmarshal(document, &d); err != nil {
		t.Fatal(err)
	}
	described := map[string]bool{}
	for _, r := range d.Relationships {
		if r.Type == "DESCRIBES" {
			described[r.Related] = true
		}
	}
	if len(described) != 1 {
		t.Fatalf("the document describes %d elements, not one", len(described))
	}
	for _, p := range d.Packages {
		c := component{name: p.Name, version: p.Version}
		for _, r := range p.Refs {
			switch r.Type {
			case "cpe23Type":
				c.cpes = append(c.cpes, r.Locator)
			case "purl":
				c.purl = r.Locator
			}
		}
		slices.Sort(c.cpes)
		if described[p.ID] {
			product = c
		} else {
			parts = append(parts, c)
		}
	}
	if product.name == "" {
		t.Fatal("the document lists no package that it describes")
	}
	return product, parts
}

// compare says which components are in one list only.
func compare(t *testing.T, want, got []component) {
	t.Helper()
	count := map[string]int{}
	for _, c := range want {
		count[c.String()]++
	}
	for _, c := range got {
		count[c.String()]--
	}
	var lines []string
	for text, n := range count {
		switch {
		case n > 0:
			lines = append(lines, "lost:  "+text)
		case n < 0:
			lines = append(lines, "added: "+text)
		}
	}
	slices.Sort(lines)
	if lines != nil {
		t.Errorf("%d were written, %d read:\n%s", len(want), len(got), strings.Join(lines, "\n"))
	}
}

// distdir is the folder with CPython's release; the test skips where it is not to be had.
func distdir(t *testing.T, name string) string {
	t.Helper()
	for _, dir := range filepath.SplitList(os.Getenv("SBOMCTL_DISTDIR")) {
		for _, dir := range []string{dir, filepath.Join(filepath.Dir(dir), "git")} {
			if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
				return dir
			}
		}
	}
	t.Skipf("there is no %s in SBOMCTL_DISTDIR", name)
	return ""
}
