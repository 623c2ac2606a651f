package e2e

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/layout"

	"github.com/sbomctl/sbomctl/e2e/realimage"
)

// sbomctl is the program, built by TestMain when the tests are asked for.
var sbomctl string

// asked reports whether the tests that take minutes are to run.
func asked() bool { return os.Getenv("SBOMCTL_REAL") != "" }

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "sbomctl-e2e-")
	if err != nil {
		panic(err)
	}
	code := 1
	if err := build(dir); err != nil {
		os.Stderr.WriteString(err.Error())
	} else {
		code = m.Run()
	}
	os.RemoveAll(dir)
	os.Exit(code)
}

func build(dir string) error {
	if !asked() {
		return nil
	}
	if err := os.Chmod(dir, 0o755); err != nil { // an ordinary user runs it, too
		return err
	}
	sbomctl = filepath.Join(dir, "sbomctl")
	cmd := exec.Command("go", "build", "-o", sbomctl, "github.com/sbomctl/sbomctl/cmd/sbomctl")
	if out, err := cmd.CombinedOutput(); err != nil {
		return errors.New("go build: " + err.Error() + "\n" + string(out))
	}
	return nil
}

// real skips the test unless it was asked for.
func real(t *testing.T) {
	t.Helper()
	if !asked() {
		t.Skip("SBOMCTL_REAL is not set: .ci/run sets it")
	}
}

// release is the folder with Python-3.13.5.tar.xz.
func release(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("SBOMCTL_DISTDIR")
	if _, err := os.Stat(filepath.Join(dir, "Python-3.13.5.tar.xz")); dir == "" || err != nil {
		t.Skip("SBOMCTL_DISTDIR names no folder with Python-3.13.5.tar.xz")
	}
	return dir
}

// bubblewrap skips the test when there is none.
func bubblewrap(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("bwrap"); err != nil {
		t.Skip("no bwrap in PATH (Debian package bubblewrap)")
	}
}

// images is the layout with the real images, made once.
var images struct {
	once sync.Once
	dir  string
	err  error
}

// realImages returns the layout with the real images: the one that SBOMCTL_REALIMAGE names, which is made when it is not there, or a new one.
func realImages(t *testing.T) layout.Path {
	t.Helper()
	dir := os.Getenv("SBOMCTL_REALIMAGE")
	if dir == "" {
		dir = filepath.Join(filepath.Dir(sbomctl), "images")
	}
	if _, err := os.Stat(filepath.Join(dir, "index.json")); errors.Is(err, fs.ErrNotExist) {
		if missing := realimage.Missing(); missing != "" {
			t.Skip(missing)
		}
		aclocal := unpack(t, "aclocal.m4")
		images.once.Do(func() { images.err = realimage.Make(context.Background(), dir, aclocal["aclocal.m4"]) })
	}
	if images.err != nil {
		t.Fatal(images.err)
	}
	p, err := layout.FromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// unpack returns files of the release.
func unpack(t *testing.T, names ...string) map[string][]byte {
	t.Helper()
	dir := t.TempDir()
	args := []string{"-xJf", filepath.Join(release(t), "Python-3.13.5.tar.xz"), "-C", dir, "--strip-components=1"}
	for _, name := range names {
		args = append(args, "Python-3.13.5/"+name)
	}
	if out, err := exec.Command("tar", args...).CombinedOutput(); err != nil {
		t.Fatalf("tar: %v\n%s", err, out)
	}
	out := map[string][]byte{}
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		out[name] = text
	}
	return out
}

// result is how a run of the program ended.
type result struct {
	code           int
	stdout, stderr string
}

// user is one who runs the program: with a home, a cache and a workspace of their own.
type user struct {
	t    *testing.T
	dir  string   // the workspace
	home string   // with the cache in it
	env  []string // beside those of the test, over them
	as   func(*exec.Cmd)
}

func newUser(t *testing.T, env ...string) *user {
	t.Helper()
	real(t)
	u := &user{t: t, dir: t.TempDir(), home: t.TempDir(), as: func(*exec.Cmd) {}}
	u.env = append([]string{"HOME=" + u.home, "XDG_CACHE_HOME=" + u.home + "/cache", "DOCKER_CONFIG=" + u.home + "/.docker", "SOURCE_DATE_EPOCH=", "NO_COLOR=1"}, env...)
	u.write("sbom.star", "")
	return u
}

// run runs the program, whatever it thinks.
func (u *user) run(args ...string) result {
	u.t.Helper()
	cmd := exec.Command(sbomctl, args...)
	cmd.Dir = u.dir
	cmd.Env = append(os.Environ(), u.env...)
	u.as(cmd)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		u.t.Fatal(err)
	}
	return result{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

// want runs the program, which must end with that code and say all of these.
func (u *user) want(code int, says []string, args ...string) result {
	u.t.Helper()
	r := u.run(args...)
	if r.code != code {
		u.t.Errorf("sbomctl %s: exit %d, want %d\n%s%s", strings.Join(args, " "), r.code, code, r.stdout, r.stderr)
	}
	for _, s := range says {
		if !strings.Contains(r.stdout+r.stderr, s) {
			u.t.Errorf("sbomctl %s does not say %q:\n%s%s", strings.Join(args, " "), s, r.stdout, r.stderr)
		}
	}
	return r
}

func (u *user) path(name string) string { return filepath.Join(u.dir, filepath.FromSlash(name)) }

func (u *user) write(name, text string) {
	u.t.Helper()
	if err := os.MkdirAll(filepath.Dir(u.path(name)), 0o777); err != nil {
		u.t.Fatal(err)
	}
	if err := os.WriteFile(u.path(name), []byte(text), 0o666); err != nil {
		u.t.Fatal(err)
	}
}

func (u *user) read(name string) string {
	u.t.Helper()
	text, err := os.ReadFile(u.path(name))
	if err != nil {
		u.t.Fatal(err)
	}
	return string(text)
}
