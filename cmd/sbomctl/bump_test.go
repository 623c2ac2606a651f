//go:build unix

package main

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// heldServer serves files whose content is their path, and each only when the test lets it.
type heldServer struct {
	*httptest.Server
	asked chan string   // paths that were asked for
	let   chan struct{} // one for each answer
}

func newHeldServer(t *testing.T) *heldServer {
	s := &heldServer{asked: make(chan string, 8), let: make(chan struct{}, 8)}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked <- r.URL.Path
		select {
		case <-s.let:
			w.Header().Set("Content-Type", "application/gzip")
			fmt.Fprint(w, r.URL.Path)
		case <-r.Context().Done(): // who asked was killed
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// depsWorkspace has the source_dep targets a and b, of which nothing but the server knows the checksum.
func depsWorkspace(t *testing.T, url string) *realWorkspace {
	w := emptyWorkspace(t)
	text := "load(\"@sbomctl//:rules.star\", \"source_dep\")\n"
	for _, name := range []string{"a", "b"} {
		text += fmt.Sprintf("source_dep(name = %q, version = \"1\", download_url = %q, sha256 = %q)\n", name, url+"/"+name+"-{version}", strings.Repeat("3", 64))
	}
	w.write("BUILD.star", text)
	return w
}

// startBump starts bump, which waits for the server.
func (w *realWorkspace) startBump(args ...string) *watched {
	w.Helper()
	b := &watched{Cmd: w.command(append([]string{"bump", "--disk_cache=" + w.cache}, args...)...), events: bufio.NewReader(strings.NewReader(""))}
	b.Stdout = &b.stdout
	stderr, err := b.StderrPipe()
	if err != nil {
		w.Fatal(err)
	}
	b.stderr = bufio.NewReader(io.TeeReader(stderr, &b.errors))
	if err := b.Start(); err != nil {
		w.Fatal(err)
	}
	return b
}

// TestBumpTwoAtOnce: the second waits for the first, and both edits are there in the end.
func TestBumpTwoAtOnce(t *testing.T) {
	s := newHeldServer(t)
	w := depsWorkspace(t, s.URL)
	first := w.startBump("//:a", "2")
	<-s.asked
	second := w.startBump("//:b", "2")
	second.awaitMessage(t, "another sbomctl is at work in this workspace")
	s.let <- struct{}{}
	s.let <- struct{}{}
	for i, b := range []*watched{first, second} {
		if code := b.finish(); code != 0 {
			t.Errorf("bump %d: exit %d", i, code)
		}
	}
	if text := w.read("BUILD.star"); strings.Count(text, `version = "2"`) != 2 || strings.Contains(text, "333") {
		t.Errorf("an edit was lost:\n%s", text)
	}
}

// TestBumpBesideAnEditor: what somebody writes while bump is at work is kept, and bump says so.
func TestBumpBesideAnEditor(t *testing.T) {
	s := newHeldServer(t)
	w := depsWorkspace(t, s.URL)
	b := w.startBump("//:a", "2")
	<-s.asked
	w.append("BUILD.star", "# mine\n")
	want := w.read("BUILD.star")
	s.let <- struct{}{}
	b.awaitMessage(t, "BUILD.star: the file changed meanwhile; nothing was written")
	if code := b.finish(); code != 1 {
		t.Errorf("exit %d", code)
	}
	if got := w.read("BUILD.star"); got != want {
		t.Errorf("got\n%s", got)
	}
}

// TestBumpKilled kills bump with SIGKILL while it waits, when it may be writing, and after each line that it says. The file is the old one or
// the new one, and the next bump does the rest.
func TestBumpKilled(t *testing.T) {
	for n := -1; ; n++ {
		lines := max(n-8, min(n, 0)) // eight times in the moment in which it may write
		s := newHeldServer(t)
		w := depsWorkspace(t, s.URL)
		old := w.read("BUILD.star")
		sum := fmt.Sprintf("%x", sha256.Sum256([]byte("/a-2")))
		now := strings.Replace(strings.Replace(old, `version = "1"`, `version = "2"`, 1), strings.Repeat("3", 64), sum, 1)
		b := w.startBump("//:a", "2")
		<-s.asked
		over := false
		if lines >= 0 {
			s.let <- struct{}{}
			for i := 0; i < lines && !over; i++ {
				_, err := b.stderr.ReadString('\n')
				over = err != nil
			}
		}
		if err := b.Process.Kill(); err != nil && !over {
			t.Fatal(err)
		}
		b.finish()
		if got := w.read("BUILD.star"); got != old && got != now {
			t.Errorf("killed after %d lines, BUILD.star is\n%s", lines, got)
		}
		close(s.let) // from now on it answers at once
		if r := w.run("bump", "--disk_cache="+w.cache, "//:a", "2"); r.code != 0 || w.read("BUILD.star") != now {
			t.Errorf("after it was killed after %d lines: exit %d\n%s\n%s", lines, r.code, r.stderr, w.read("BUILD.star"))
		}
		if names, err := filepath.Glob(w.path("*")); err != nil || len(names) != 2 {
			t.Errorf("killed after %d lines, it leaves %q", lines, names)
		}
		if over {
			if lines < 3 {
				t.Errorf("bump said %d lines", lines)
			}
			return
		}
	}
}

// TestBumpUnwritable: a file that cannot be replaced is said to be so, and stays.
func TestBumpUnwritable(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may write everything")
	}
	s := newHeldServer(t)
	w := depsWorkspace(t, s.URL)
	want := w.read("BUILD.star")
	if err := os.Chmod(w.root, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(w.root, 0o755) })
	r := w.run("bump", "--disk_cache="+w.cache, "//:a", "2", "--sha256="+strings.Repeat("5", 64))
	if r.code != 1 || !strings.Contains(r.stderr, "BUILD.star: the file cannot be written: permission denied") {
		t.Errorf("exit %d\n%s", r.code, r.stderr)
	}
	if got := w.read("BUILD.star"); got != want {
		t.Errorf("got\n%s", got)
	}
}

// TestBumpExpat is the mistake that CPython 3.13.5 was released with, put right: declared as upstream's SBOM has it, and bumped with the tree as
// witness, it is what the example declares, byte for byte.
func TestBumpExpat(t *testing.T) {
	dir := distdir(t)
	w := emptyWorkspace(t)
	example := filepath.Join(repository, "examples", "cpython")
	for _, name := range []string{"BUILD.star", "sbom.star", "copyright.star", "pip.lock.json", "superseded.star", "platforms", "release", "patches"} {
		copyTree(t, filepath.Join(example, name), w.path(name))
	}
	want := w.read("BUILD.star")
	for _, c := range [][2]string{
		{"    version = \"2.7.1\",", "    version = \"2.6.3\","},
		{"0cce2e6e69b327fc607b8ff264f4b66bdf71ead55a87ffd5f3143f535f15cfa2", "17aa6cfc5c4c219c09287abfc10bc13f0c06f30bb654b28bfe6f567ca646eb79"},
	} {
		w.edit("BUILD.star", c[0], c[1])
	}
	r := w.run("bump", "--disk_cache="+w.cache, "--distdir="+dir, "//:expat", "2.7.1")
	if r.code != 0 {
		t.Fatal(r.stderr)
	}
	if got := w.read("BUILD.star"); got != want {
		t.Errorf("got\n%s\n%s", got, r.stderr)
	}
	// No file of the tree has another version of OpenSSL; both platforms are asked.
	r = w.run("bump", "--disk_cache="+w.cache, "--distdir="+dir, "//:openssl", "3.0.17", "--everywhere")
	for _, place := range []string{"!Mac/BuildScript/build-installer.py:", "!PCbuild/get_externals.bat:"} {
		if r.code != 1 || !strings.Contains(r.stderr, place) {
			t.Errorf("exit %d, and not at %s:\n%s", r.code, place, r.stderr)
		}
	}
	if got := w.read("BUILD.star"); got != want {
		t.Errorf("got\n%s", got)
	}
}
