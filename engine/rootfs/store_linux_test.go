package rootfs

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sys/unix"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/engine/oci/ocitest"
)

// small is an image with something of everything, and a folder that may not be written to.
func small() *ocitest.Set {
	return ocitest.ImageWith("linux/arm64/v8", func(c *v1.ConfigFile, _ *v1.Manifest) {
		c.Config = v1.Config{Env: []string{"PATH=/bin"}, WorkingDir: "/src", User: "1000:100", Entrypoint: []string{"/bin/sh"}, Cmd: []string{"-c"}}
	}, layersOf(
		[]entry{{Name: "bin/", Mode: 0o555}, {Name: "bin/sh", Body: "#!", Mode: 0o755}, {Name: "etc/"}, {Name: "etc/a", Body: "a"}, hard("etc/b", "etc/a"), {Name: "dev/null", Type: tar.TypeChar}},
		[]entry{{Name: "etc/c", Body: "c", Time: 1_000_000_000}, {Name: "bin/ls", Link: "sh"}, {Name: "etc/.wh.a"}},
	)...)
}

var smallListing = []string{"./", "bin/ 0555", "bin/ls -> sh", "bin/sh = #! 0755", "dev/", "etc/", "etc/b = a", "etc/c = c"}

func wantSmall(t testing.TB, root *Root, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if got := listing(t, root.Path); !slices.Equal(got, smallListing) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(smallListing, "\n"))
	}
	if c := root.Config; !slices.Equal(c.Env, []string{"PATH=/bin"}) || c.WorkingDir != "/src" || c.User != "1000:100" || !slices.Equal(c.Entrypoint, []string{"/bin/sh"}) || !slices.Equal(c.Cmd, []string{"-c"}) {
		t.Errorf("config %+v", c)
	}
	if p := root.Platform; p.OS != "linux" || p.Architecture != "arm64" || p.Variant != "v8" || root.Skipped != 1 || root.Owners != keepsOwners() {
		t.Errorf("%+v", root)
	}
}

// counter counts the blobs that are asked for.
type counter struct {
	oci.Source
	blobs atomic.Int32
}

func (c *counter) Blob(ctx context.Context, d v1.Descriptor) (io.ReadCloser, error) {
	c.blobs.Add(1)
	return c.Source.Blob(ctx, d)
}

// TestOnce: a root that is there is not made again, and not even asked for; many at once make one.
func TestOnce(t *testing.T) {
	set := small()
	s := newStore(t)
	src := &counter{Source: set}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := s.Get(t.Context(), src, set.Root.Digest); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := src.blobs.Load(); n != 3 {
		t.Errorf("%d blobs were read, want the config and two layers", n)
	}
	root, err := s.Get(t.Context(), nil, set.Root.Digest)
	wantSmall(t, root, err)
	entries, err := os.ReadDir(s.Dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("the folder has %v, %v", entries, err)
	}
	if fi, err := os.Stat(filepath.Dir(root.Path)); err != nil || fi.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v: others may look into the folder", fi.Mode(), err)
	}
}

// TestTimes: files have the times of their layers, and folders too.
func TestTimes(t *testing.T) {
	root, err := get(t, newStore(t), layersOf([]entry{
		{Name: "d/", Time: 1000}, {Name: "d/f", Time: 2000}, {Name: "d/l", Link: "f", Time: 3000}, {Name: "implied/f", Time: -5},
	}, []entry{{Name: "d/late", Time: 1 << 33}})...)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{".": "0.0", "d": "1000.0", "d/f": "2000.0", "d/l": "3000.0", "implied": "0.0", "implied/f": "-5.0", "d/late": "8589934592.0"} {
		var st unix.Stat_t
		if err := unix.Lstat(filepath.Join(root.Path, name), &st); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%d.%d", st.Mtim.Sec, st.Mtim.Nsec); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// TestOwners: root gives files to whom the layers say; others own them all.
func TestOwners(t *testing.T) {
	root, err := get(t, newStore(t), layersOf([]entry{
		{Name: "d/", UID: 1, GID: 2, Mode: 0o2750}, {Name: "d/f", UID: 3, GID: 4, Mode: 0o6755}, {Name: "l", Link: "d", UID: 5, GID: 6}, {Name: "n", UID: 1<<32 - 2}, {Name: "implied/f", UID: 7},
	}, []entry{{Name: "./", UID: 8, GID: 9}})...)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][3]uint32{".": {8, 9, 0o755}, "d": {1, 2, 0o2750}, "d/f": {3, 4, 0o755}, "l": {5, 6, 0o777}, "n": {1<<32 - 2, 0, 0o644}, "implied": {0, 0, 0o755}} {
		var st unix.Stat_t
		if err := unix.Lstat(filepath.Join(root.Path, name), &st); err != nil {
			t.Fatal(err)
		}
		if !keepsOwners() {
			want[0], want[1] = uint32(os.Getuid()), uint32(os.Getgid())
		}
		if got := [3]uint32{st.Uid, st.Gid, st.Mode & 0o7777}; got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// TestCancelled: whoever is cancelled in the middle leaves nothing; whoever waits for another can be, too.
func TestCancelled(t *testing.T) {
	set := small()
	for _, step := range []string{"layer", "entry"} {
		s := newStore(t)
		ctx, cancel := context.WithCancel(t.Context())
		s.step = func(name string) {
			if name == step {
				cancel()
			}
		}
		if _, err := s.Get(ctx, set, set.Root.Digest); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", step, err)
		}
		nothingLeft(t, s)
		s.step = nil
		root, err := s.Get(t.Context(), set, set.Root.Digest)
		wantSmall(t, root, err)
	}
	s := newStore(t)
	holder := *s
	ctx, cancel := context.WithCancel(t.Context())
	s.Warn = func(m string) {
		if m != "another sbomctl unpacks the image "+set.Root.Digest.String()+", or replaces it; waiting for it" {
			t.Errorf("warned %q", m)
		}
		cancel()
	}
	tried := false
	holder.step = func(name string) {
		if name != "layer" || tried {
			return
		}
		tried = true
		if _, err := s.Get(ctx, set, set.Root.Digest); !errors.Is(err, context.Canceled) {
			t.Errorf("while another makes it: %v", err)
		}
		if err := s.Clear(t.Context()); err != nil {
			t.Error(err)
		}
	}
	root, err := holder.Get(t.Context(), set, set.Root.Digest)
	wantSmall(t, root, err)
}

// TestDisk: what is wrong with the folder is said, and nothing half is left.
func TestDisk(t *testing.T) {
	set := small()
	s := newStore(t)
	if err := os.WriteFile(s.Dir, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := s.Get(t.Context(), set, set.Root.Digest)
	wantDisk(t, s, err, "not a directory", "")
	if err := os.Remove(s.Dir); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() != 0 {
		if err := os.Mkdir(s.Dir, 0o500); err != nil {
			t.Fatal(err)
		}
		_, err = s.Get(t.Context(), set, set.Root.Digest)
		wantDisk(t, s, err, "permission denied", "name a folder that you may write to with --disk_cache=DIR")
		return
	}
	if err := os.Mkdir(s.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", s.Dir, "tmpfs", 0, "size=256k"); err != nil {
		t.Skip("no small disk can be made here: ", err)
	}
	defer unix.Unmount(s.Dir, unix.MNT_DETACH) // the lock of the root that we have got is open
	large := ocitest.Image("linux/amd64", layersOf([]entry{{Name: "a/large", Body: strings.Repeat("x", 1<<20)}})...)
	_, err = s.Get(t.Context(), large, large.Root.Digest)
	wantDisk(t, s, err, "no space left on device", "free some space there, or name another folder with --disk_cache=DIR")
	nothingLeft(t, s)
	root, err := s.Get(t.Context(), set, set.Root.Digest)
	wantSmall(t, root, err)
	if err := unix.Mount("", s.Dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	root, err = s.Get(t.Context(), nil, set.Root.Digest)
	wantSmall(t, root, err)
	_, err = s.Get(t.Context(), large, large.Root.Digest)
	wantDisk(t, s, err, "read-only file system", "name a folder that you may write to with --disk_cache=DIR")
}

func wantDisk(t *testing.T, s *Store, err error, reason, hint string) {
	t.Helper()
	var e *diag.Error
	if !errors.As(err, &e) || !strings.HasPrefix(e.Msg, "cannot unpack the image sha256:") || !strings.HasSuffix(e.Msg, " in "+s.Dir+": "+reason) || strings.Join(e.Hints, "\n") != hint {
		t.Errorf("got %v, want %s and %q", err, reason, hint)
	}
}

// TestRemove: folders that their owner may not write to go, and links are not followed.
func TestRemove(t *testing.T) {
	s := newStore(t)
	sentinel := plant(t, s)
	root, err := get(t, s, layersOf([]entry{
		{Name: "r/x/y/"}, {Name: "r/x/f"}, {Name: "r/x/", Mode: 0o500}, {Name: "r/", Mode: 0o1}, {Name: "out", Link: s.Dir + "/sentinel"}, {Name: "./", Mode: 0o1555},
	})...)
	if err != nil {
		t.Fatal(err)
	}
	if err := Remove(filepath.Dir(root.Path)); err != nil {
		t.Error(err)
	}
	if err := Remove(filepath.Dir(root.Path)); err != nil {
		t.Error("what is not there:", err)
	}
	nothingLeft(t, s)
	sentinel(t)
	if err := s.Clear(t.Context()); err != nil {
		t.Error(err)
	}
	sentinel(t) // it is nobody's root
	if err := (&Store{Dir: filepath.Join(s.Dir, "none")}).Clear(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestAsUser runs the tests again as an ordinary user.
func TestAsUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("we are one")
	}
	dir, err := os.MkdirTemp("", "rootfs-user-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	const nobody = 65534
	binary, temp := filepath.Join(dir, "rootfs.test"), filepath.Join(dir, "tmp")
	data, err := os.ReadFile(os.Args[0])
	if err := errors.Join(err, os.Chmod(dir, 0o755), os.WriteFile(binary, data, 0o755), os.Mkdir(temp, 0o755), os.Chown(temp, nobody, nobody)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "-test.run=^(TestLayers|TestOnce|TestOwners|TestTimes|TestBoot|TestBadMark|TestKilled|TestDisk|TestRemove)$", "-test.v")
	cmd.Dir, cmd.Env = temp, append(os.Environ(), "TMPDIR="+temp)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.CombinedOutput()
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EINVAL) {
		t.Skip("we cannot become another user: ", err)
	}
	if err != nil || strings.Count(string(out), "\n--- PASS") != 9 {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestLargeConfig: a config as large as one may be, of bytes that JSON has many bytes for, is kept.
func TestLargeConfig(t *testing.T) {
	set := ocitest.ImageWith("linux/amd64", func(c *v1.ConfigFile, _ *v1.Manifest) {
		c.Config.Env = []string{"X=" + strings.Repeat("<\x01", 340_000)}
	})
	s := newStore(t)
	for range 2 {
		root, err := s.Get(t.Context(), set, set.Root.Digest)
		if err != nil || len(root.Config.Env) != 1 || len(root.Config.Env[0]) != 680_002 {
			t.Fatal(err)
		}
	}
}

// TestChangedAtOnce: somebody who spoils each root as it is made does not keep us busy for ever.
func TestChangedAtOnce(t *testing.T) {
	set := small()
	s := newStore(t)
	s.step = func(name string) {
		if name == "end" {
			matches, err := filepath.Glob(filepath.Join(s.Dir, "*", markName))
			if err != nil || len(matches) != 1 || os.Remove(matches[0]) != nil {
				t.Error(matches, err)
			}
		}
	}
	_, err := s.Get(t.Context(), set, set.Root.Digest)
	var e *diag.Error
	if !errors.As(err, &e) || !strings.HasSuffix(e.Msg, ": it is removed or changed again and again") {
		t.Error(err)
	}
}

// BenchmarkThere is a Get of a root that is there.
func BenchmarkThere(b *testing.B) {
	set := small()
	s := newStore(b)
	for b.Loop() {
		if _, err := s.Get(b.Context(), set, set.Root.Digest); err != nil {
			b.Fatal(err)
		}
	}
}
