package container

import (
	"io/fs"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/oci/ocitest"
)

// TestFailures: each way in which a command does not do its work is told in words.
func TestFailures(t *testing.T) {
	f := newFixture(t)
	for name, c := range map[string]struct {
		script  string
		outputs []string
		change  func(*action.Spec)
		want    []string
	}{
		"exit code":     {"echo one; echo two >&2; exit 3", nil, nil, []string{"command sh exited with code 3\n  | one\n  | two\n", "hint: all that it printed is in " + cache.SandboxDir(f.store.Dir()), "--sandbox_debug"}},
		"silent":        {"exit 1", nil, nil, []string{"command sh exited with code 1, and printed nothing", "--sandbox_debug"}},
		"signal":        {"kill -SEGV $$", nil, nil, []string{"was killed by SIGSEGV"}},
		"time":          {"while :; do :; done", nil, func(s *action.Spec) { s.Timeout = time.Second }, []string{"was killed: it took more than 1s of time", "hint: timeout = SECONDS gives it more time"}},
		"not made":      {"echo 1 >outt; echo made it", []string{"out"}, nil, []string{"its output out was not made\n  | made it\n", "hint: it made outt"}},
		"nothing made":  {":", []string{"out"}, nil, []string{"its output out was not made", "it made no file in its tree"}},
		"elsewhere":     {"mkdir x; echo 1 >x/out", []string{"out"}, nil, []string{"it made x/out"}},
		"a folder":      {"mkdir out", []string{"out"}, nil, []string{"its output out is a folder, and an output is a file"}},
		"a link":        {"ln -s /etc/passwd out", []string{"out"}, nil, []string{"its output out is a link, and an output is a file"}},
		"a fifo":        {"mkfifo out", []string{"out"}, nil, []string{"its output out is a fifo, and an output is a file"}},
		"behind a link": {"ln -s /bin d", []string{"d/busybox"}, nil, []string{"its output d/busybox lies behind a link (d)"}},
		"below a file":  {"echo >d", []string{"d/out"}, nil, []string{"its output d/out was not made: d is no folder"}},
		"no program":    {"", nil, func(s *action.Spec) { s.Command = []string{"autoreconf"} }, []string{`there is no program "autoreconf" in the image example.com/tiny`}},
		"architecture":  {"", nil, func(s *action.Spec) { s.Platform[0].Value = "s390x" }, []string{"command sh is for linux/s390x, and this machine is " + runtime.GOARCH + ": there is no emulation"}},
		"unknown":       {"", nil, func(s *action.Spec) { with(s, "gpu", "1") }, []string{`asks for a platform with gpu = "1", which is not known here`}},
		"input outside": {"", nil, func(s *action.Spec) { s.Inputs[0].Files[0].Path = "../x" }, []string{`has an input at "../x"`}},
		"changed input": {"", nil, func(s *action.Spec) { s.Inputs[0].Files[0].Handle = action.Inline{Bytes: []byte("2")} }, []string{"the file changed while the build was reading it"}},
	} {
		s := f.spec(c.script, c.outputs, "in=1")
		if c.change != nil {
			c.change(s)
		}
		got := f.fail(s)
		for _, want := range c.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: got\n%s\nwant %q", name, got, want)
			}
		}
		if left := f.left(); len(left) > 0 {
			t.Errorf("%s: left %q", name, left)
		}
	}
}

// TestClosed: what a command closes to itself is opened to look for what it made, and at what it left.
func TestClosed(t *testing.T) {
	f := newFixture(t)
	script := "mkdir -p d/e left; echo 1 >d/e/out; echo 2 >left/x; chmod 0 d/e/out d/e d in left ."
	listing := func(s *action.Spec) *action.Spec {
		s.Outputs = append(s.Outputs, "listing")
		return with(s, action.PropertyListing, "listing")
	}
	for name, s := range map[string]*action.Spec{
		"plain":     listing(f.spec(script, []string{"d/e/out"}, "in/a=1")),
		"perturbed": with(listing(f.spec(script, []string{"d/e/out"}, "in/a=1")), action.PropertyPerturb, "1"),
	} {
		out := f.run(s)
		if out["d/e/out"] != "1\n" || !strings.Contains(out["listing"], `"left/x"`) || strings.Contains(out["listing"], `"in/a"`) {
			t.Errorf("%s: %q", name, out)
		}
	}
}

// TestUmask: the caller's umask is no part of the key, and the command sees nothing of it.
func TestUmask(t *testing.T) {
	f := newFixture(t)
	seen := map[int]string{}
	for _, umask := range []int{0, 0o022, 0o077} {
		was := syscall.Umask(umask)
		f.r = f.another()
		f.r.CacheDir = t.TempDir() // the image is unpacked anew
		ar, err := f.r.Run(t.Context(), f.spec("stat -c '%n %a' / /src d d/e d/e/f run /tmp /bin /bin/busybox >out", []string{"out"}, "d/e/f=1", "*run=2"))
		syscall.Umask(was)
		if err != nil {
			t.Fatal(err)
		}
		seen[umask] = string(ar.OutputFiles[0].Contents)
	}
	if want := "/ 755\n/src 755\nd 755\nd/e 755\nd/e/f 644\nrun 755\n/tmp 1777\n/bin 755\n/bin/busybox 755\n"; seen[0] != want || seen[0o022] != want || seen[0o077] != want {
		t.Errorf("got %v, want %s", seen, want)
	}
}

// TestOddImages: what an image has that no command can be run in is said of the image.
func TestOddImages(t *testing.T) {
	f := newFixture(t)
	base := ocitest.Layer(ocitest.Gzip, busybox(t)...)
	platform := "linux/" + runtime.GOARCH
	for name, c := range map[string]struct {
		image *ocitest.Set
		want  string
	}{
		"no platform": {ocitest.Index(ocitest.ImageWith(platform, func(c *v1.ConfigFile, _ *v1.Manifest) { c.OS, c.Architecture = "", "" }, base)),
			" names no platform in its config, and " + platform + " is declared"},
		"another platform": {ocitest.Index(ocitest.ImageWith(platform, func(c *v1.ConfigFile, _ *v1.Manifest) { c.Architecture = "s390x" }, base)),
			" is for linux/s390x, and " + platform + " is declared"},
		"NUL": {ocitest.ImageWith(platform, func(c *v1.ConfigFile, _ *v1.Manifest) { c.Config.Env = []string{"A=\x00"} }, base),
			` has "A=\x00" in its environment`},
		"mount point": {ocitest.Image(platform, base, ocitest.Layer(ocitest.Gzip, ocitest.Entry{Name: "src", Body: "x"})),
			"a folder is to be mounted on /src, which is no folder in the image example.com/tiny"},
	} {
		f.set = c.image
		if got := f.fail(f.spec("", nil)); !strings.Contains(got, c.want) {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

// TestFullDisk: where there is no room for what a command prints is said.
func TestFullDisk(t *testing.T) {
	f := newFixture(t)
	j, err := newJob(f.spec("", nil))
	if err != nil {
		t.Fatal(err)
	}
	full := &fs.PathError{Op: "write", Path: "/cache/printed", Err: syscall.ENOSPC}
	const want = "cannot keep what command sh prints: no space left on device"
	if got := (&trial{job: j}).notRun(full); !strings.HasPrefix(got.Error(), want) || !strings.Contains(got.Error(), "--disk_cache=DIR") {
		t.Errorf("got %v", got)
	}
}
