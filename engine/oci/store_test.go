package oci_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/engine/oci/ocitest"
)

func blobPath(dir string, digest v1.Hash) string {
	return filepath.Join(dir, "blobs", "sha256", digest.Hex)
}

// checkWhole holds a store against a set, and that it is a layout.
func checkWhole(t *testing.T, dir string, set *ocitest.Set) {
	t.Helper()
	for digest, d := range set.Manifests {
		if b, err := os.ReadFile(blobPath(dir, digest)); err != nil || !bytes.Equal(b, d.Bytes) {
			t.Errorf("%s: %v", digest, err)
		}
	}
	for digest, want := range set.Blobs {
		if b, err := os.ReadFile(blobPath(dir, digest)); err != nil || !bytes.Equal(b, want) {
			t.Errorf("%s: %v", digest, err)
		}
	}
	l, err := oci.OpenLayout(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(l.Roots()) != 1 || l.Roots()[0].Digest != set.Root.Digest || l.Roots()[0].MediaType != types.OCIImageIndex {
		t.Errorf("%v", l.Roots())
	}
	l.Close()
	if tmp, _ := os.ReadDir(filepath.Join(dir, "tmp")); len(tmp) > 0 {
		t.Errorf("left behind: %v", tmp)
	}
}

// TestPullPlatform: only the images that were asked for.
func TestPullPlatform(t *testing.T) {
	set := twoPlatforms()
	for platform, want := range map[string]int{"linux/amd64": 4, "linux/arm64": 5} { // index, manifest, config, layers
		p, _ := oci.ParsePlatform(platform)
		source := &counting{Source: set}
		if err := oci.Pull(ctx, source, oci.NewStore(t.TempDir(), nil), set.Root.Digest, []v1.Platform{p, p}); err != nil {
			t.Fatal(err)
		}
		if len(source.asked) != want {
			t.Errorf("%s: %d blobs, expected %d", platform, len(source.asked), want)
		}
	}
	err := oci.Pull(ctx, set, oci.NewStore(t.TempDir(), nil), set.Root.Digest, []v1.Platform{{OS: "linux", Architecture: "s390x"}})
	wantKind(t, err, oci.Missing, "index "+set.Root.Digest.String()+" has no image for linux/s390x, only for linux/amd64, linux/arm64/v8")
}

// TestPullFails: the first thing that is wrong is told, what could be had is kept, and the image does not count as pulled.
func TestPullFails(t *testing.T) {
	set := twoPlatforms()
	_, m, err := oci.Find(ctx, set, set.Root.Digest, v1.Platform{OS: "linux", Architecture: "arm64"})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	damaged := twoPlatforms()
	damaged.Flip(m.Layers[1].Digest)
	damaged.Remove(m.Config.Digest)
	for range 10 {
		err = oci.Pull(ctx, damaged, oci.NewStore(dir, nil), set.Root.Digest, nil)
		wantKind(t, err, oci.Missing, "blob "+m.Config.Digest.String())
	}
	if l, err := oci.OpenLayout(dir); err != nil || len(l.Roots()) != 0 {
		t.Errorf("it counts as pulled, or is no layout: %v", err)
	}
	damaged.Blobs[m.Config.Digest] = set.Blobs[m.Config.Digest]
	err = oci.Pull(ctx, damaged, oci.NewStore(dir, nil), set.Root.Digest, nil)
	wantKind(t, err, oci.Mismatch, m.Layers[1].Digest.String()+" of the test has other bytes")
	source := &counting{Source: set}
	if err := oci.Pull(ctx, source, oci.NewStore(dir, nil), set.Root.Digest, nil); err != nil || len(source.asked) != 1 {
		t.Errorf("%v, asked for %v", err, source.asked)
	}
	checkWhole(t, dir, set)
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if err := oci.Pull(gone, set, oci.NewStore(t.TempDir(), nil), set.Root.Digest, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestForeignLayer: what a registry may not distribute is not fetched from elsewhere.
func TestForeignLayer(t *testing.T) {
	layer := ocitest.Layer(ocitest.Gzip)
	layer.MediaType, layer.URLs = types.DockerForeignLayer, []string{"http://127.0.0.1:1/layer"}
	set := ocitest.Image("linux/amd64", layer)
	if err := oci.Pull(ctx, set, oci.NewStore(t.TempDir(), nil), set.Root.Digest, nil); err != nil {
		t.Errorf("it is there: %v", err)
	}
	set.Remove(layer.Digest)
	err := oci.Pull(ctx, set, oci.NewStore(t.TempDir(), nil), set.Root.Digest, nil)
	wantKind(t, err, oci.Missing, "is a layer that its registry does not distribute", "not fetched")
}

// TestDamage: whatever is wrong with what lies in the store is warned of, and fetched again; never used.
func TestDamage(t *testing.T) {
	set := twoPlatforms()
	var layer v1.Hash
	for digest, b := range set.Blobs {
		if b[0] != '{' {
			layer = digest
		}
	}
	for name, damage := range map[string]func(t *testing.T, dir, path string){
		"flipped": func(t *testing.T, _, path string) {
			b, _ := os.ReadFile(path)
			b[len(b)/2] ^= 1
			rewrite(t, path, b)
		},
		"short":  func(t *testing.T, _, path string) { rewrite(t, path, []byte("x")) },
		"empty":  func(t *testing.T, _, path string) { rewrite(t, path, nil) },
		"gone":   func(t *testing.T, _, path string) { os.Remove(path) },
		"folder": func(t *testing.T, _, path string) { os.Remove(path); os.Mkdir(path, 0o777) },
		"link": func(t *testing.T, dir, path string) {
			os.Rename(path, filepath.Join(dir, "right"))
			os.Symlink(filepath.Join(dir, "right"), path)
		},
		"no folder": func(t *testing.T, dir, _ string) { os.RemoveAll(filepath.Join(dir, "blobs")) },
		"file": func(t *testing.T, dir, _ string) {
			os.RemoveAll(filepath.Join(dir, "blobs"))
			rewrite(t, filepath.Join(dir, "blobs"), nil)
		},
		"everything": func(t *testing.T, dir, _ string) { os.RemoveAll(dir) },
		"index":      func(t *testing.T, dir, _ string) { rewrite(t, filepath.Join(dir, "index.json"), []byte("{")) },
		"no layout":  func(t *testing.T, dir, _ string) { os.Remove(filepath.Join(dir, "oci-layout")) },
		"lock": func(t *testing.T, dir, _ string) {
			os.Remove(filepath.Join(dir, "lock"))
			os.Mkdir(filepath.Join(dir, "lock"), 0o777)
		},
	} {
		for _, target := range []v1.Hash{layer, set.Root.Digest} {
			t.Run(name, func(t *testing.T) {
				dir := filepath.Join(t.TempDir(), "oci")
				opened := oci.NewStore(dir, nil) // one that has read it before
				if err := oci.Pull(ctx, set, opened, set.Root.Digest, nil); err != nil {
					t.Fatal(err)
				}
				var warned []string
				damage(t, dir, blobPath(dir, target))
				fresh := oci.NewStore(dir, func(m string) { warned = append(warned, m) })
				for _, s := range []*oci.Store{opened, fresh} {
					r, err := s.Blob(ctx, v1.Descriptor{Digest: target, Size: sizeOf(set, target)})
					if err == nil {
						b, err := io.ReadAll(r)
						if r.Close(); err != nil || oci.DigestOf(b) != target {
							t.Fatalf("%q, %v", b, err)
						}
					} else {
						wantKind(t, err, oci.Missing)
					}
					if s == opened && (name == "flipped" || name == "short" || name == "empty" || name == "folder" || name == "link") {
						damage = func(*testing.T, string, string) {} // it is taken away by now
					}
				}
				if err := oci.Pull(ctx, set, fresh, set.Root.Digest, nil); err != nil {
					t.Fatal(err)
				}
				checkWhole(t, dir, set)
				for _, w := range warned {
					if !strings.Contains(w, filepath.Base(dir)) || strings.Contains(w, "goroutine") {
						t.Errorf("%q", w)
					}
				}
			})
		}
	}
}

func sizeOf(set *ocitest.Set, digest v1.Hash) int64 {
	if d, ok := set.Manifests[digest]; ok {
		return int64(len(d.Bytes))
	}
	return int64(len(set.Blobs[digest]))
}

// rewrite puts a file there, as a careless program would: it may be read-only before.
func rewrite(t *testing.T, path string, b []byte) {
	t.Helper()
	os.Remove(path)
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestDamageIsToldOnce: what was wrong is said, with the path.
func TestDamageIsTold(t *testing.T) {
	dir := t.TempDir()
	var warned []string
	s := oci.NewStore(dir, func(m string) { warned = append(warned, m) })
	b := []byte("content")
	if err := s.PutBytes(ctx, oci.DigestOf(b), b); err != nil {
		t.Fatal(err)
	}
	rewrite(t, blobPath(dir, oci.DigestOf(b)), []byte("kontent"))
	if ok, err := s.Has(ctx, oci.DigestOf(b)); ok || err != nil {
		t.Error(ok, err)
	}
	if len(warned) != 1 || warned[0] != blobPath(dir, oci.DigestOf(b))+" is damaged and not used: its contents do not have the SHA-256 in its name" {
		t.Errorf("%q", warned)
	}
	if fi, err := os.Stat(blobPath(dir, oci.DigestOf(b))); !errors.Is(err, fs.ErrNotExist) {
		t.Error(fi, err)
	}
	// A descriptor that lies about the size is no damage.
	if err := s.PutBytes(ctx, oci.DigestOf(b), b); err != nil {
		t.Fatal(err)
	}
	_, err := s.Blob(ctx, v1.Descriptor{Digest: oci.DigestOf(b), Size: 3})
	wantKind(t, err, oci.Mismatch, "has 7 bytes, 3 are declared")
	err = s.Put(ctx, v1.Descriptor{Digest: oci.DigestOf(b), Size: 3}, nil)
	wantKind(t, err, oci.Mismatch)
	if ok, err := s.Has(ctx, oci.DigestOf(b)); !ok || err != nil {
		t.Error(ok, err)
	}
}

// TestBadDigests: what is no digest is never part of a path.
func TestBadDigests(t *testing.T) {
	dir := t.TempDir()
	set := twoPlatforms()
	set.WriteLayout(dir)
	l, err := oci.OpenLayout(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, h := range []v1.Hash{{}, {Algorithm: "sha256"}, {Algorithm: "sha256", Hex: "../../oci-layout"}, {Algorithm: "sha512", Hex: strings.Repeat("a", 128)},
		{Algorithm: "sha256", Hex: strings.Repeat("A", 64)}, {Algorithm: "sha256", Hex: strings.Repeat("a", 63)}} {
		for _, s := range []oci.Source{l, oci.NewStore(dir, nil)} {
			_, _, err := s.Manifest(ctx, h)
			wantKind(t, err, oci.Malformed, "expected sha256:")
			_, err = s.Blob(ctx, v1.Descriptor{Digest: h})
			wantKind(t, err, oci.Malformed)
		}
		wantKind(t, oci.NewStore(dir, nil).PutBytes(ctx, h, nil), oci.Malformed)
	}
}

// TestCacheFails: an error of the disk is none of the image.
func TestCacheFails(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "file")
	rewrite(t, dir, nil)
	set := twoPlatforms()
	err := oci.Pull(ctx, set, oci.NewStore(dir, nil), set.Root.Digest, nil)
	var c *cache.Error
	var d *diag.Error
	if !errors.As(err, &c) || oci.KindOf(err) != "" || !errors.As(oci.Diagnose(err), &d) || !strings.HasPrefix(d.Msg, "cannot open the cache "+dir+": ") || len(d.Hints) != 1 {
		t.Errorf("got %v, %v", err, oci.Diagnose(err))
	}
}

// TestTogether: several that pull one image at once, in one process and in several, each get all of it.
func TestTogether(t *testing.T) {
	dir := t.TempDir()
	set := twoPlatforms()
	source := &counting{Source: set}
	one := oci.NewStore(dir, nil)
	var wg sync.WaitGroup
	for i := range 12 {
		s := one
		if i%3 == 0 {
			s = oci.NewStore(dir, func(m string) { t.Error(m) }) // as another process has
		}
		wg.Go(func() {
			if err := oci.Pull(ctx, source, s, set.Root.Digest, nil); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	checkWhole(t, dir, set)
	for digest, n := range source.asked {
		if n > 5 {
			t.Errorf("%s was fetched %d times by 5 stores", digest, n)
		}
	}
}

// TestPullFromItself: a source that keeps what it gets in the store that is pulled to is no reason to wait for oneself, or to write twice.
func TestPullFromItself(t *testing.T) {
	dir := t.TempDir()
	set := twoPlatforms()
	for _, from := range []func(*oci.Store, oci.Source) oci.Source{
		func(s *oci.Store, src oci.Source) oci.Source { return s.Keep(src) },
		func(s *oci.Store, src oci.Source) oci.Source { return oci.First(s, src) },
		func(s *oci.Store, src oci.Source) oci.Source { return s.Keep(s.Keep(oci.First(s, src))) },
		func(s *oci.Store, src oci.Source) oci.Source { return oci.NewStore(s.Dir(), nil).Keep(src) },
	} {
		os.RemoveAll(dir)
		source := &counting{Source: set}
		s := oci.NewStore(dir, nil)
		if err := oci.Pull(ctx, from(s, source), s, set.Root.Digest, nil); err != nil {
			t.Fatal(err)
		}
		checkWhole(t, dir, set)
		for digest, n := range source.asked {
			if n != 1 {
				t.Errorf("%s was fetched %d times", digest, n)
			}
		}
	}
}

// slow is a source whose blobs end in the middle, where it says so and waits for ever.
type slow struct {
	*ocitest.Set
	reached func()
}

func (s slow) Blob(ctx context.Context, d v1.Descriptor) (io.ReadCloser, error) {
	half := s.Blobs[d.Digest][:d.Size/2]
	return io.NopCloser(io.MultiReader(bytes.NewReader(half), waiting{s.reached})), nil
}

type waiting struct{ reached func() }

func (w waiting) Read([]byte) (int, error) {
	w.reached()
	select {}
}

// TestKilled: a pull that is killed in the middle of its blobs leaves nothing that is taken for one, and the next one repairs all of it.
func TestKilled(t *testing.T) {
	if dir := os.Getenv("OCI_TEST_KILLED"); dir != "" {
		set := twoPlatforms()
		_ = oci.Pull(ctx, slow{set, func() { os.Stdout.WriteString("reached\n") }}, oci.NewStore(dir, nil), set.Root.Digest, nil)
		return
	}
	if runtime.GOOS == "windows" {
		t.Skip("a process is not killed there as it is here")
	}
	dir := t.TempDir()
	for range 2 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilled$")
		cmd.Env = append(os.Environ(), "OCI_TEST_KILLED="+dir)
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 7)
		_, err = io.ReadFull(out, b)
		cmd.Process.Kill()
		cmd.Wait()
		if err != nil || string(b) != "reached" {
			t.Fatalf("%q, %v", b, err)
		}
	}
	set := twoPlatforms()
	if left, _ := os.ReadDir(filepath.Join(dir, "tmp")); len(left) == 0 {
		t.Error("it was not in the middle of anything")
	}
	for digest := range set.Blobs {
		if _, err := os.Stat(blobPath(dir, digest)); err == nil {
			t.Errorf("half of %s counts as all of it", digest)
		}
	}
	if err := oci.Pull(ctx, set, oci.NewStore(dir, func(m string) { t.Error(m) }), set.Root.Digest, nil); err != nil {
		t.Fatal(err)
	}
	checkWhole(t, dir, set)
}

// TestRemoved: whoever removes the cache while it is in use, or parts of it, costs a fetch and nothing else.
func TestRemoved(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "oci")
	set := twoPlatforms()
	s := oci.NewStore(dir, nil)
	kept := s.Keep(set)
	if err := oci.Pull(ctx, kept, s, set.Root.Digest, nil); err != nil {
		t.Fatal(err)
	}
	for name, remove := range map[string]func(){
		"nothing":    func() {},
		"everything": func() { os.RemoveAll(dir) },
		"tmp":        func() { os.RemoveAll(filepath.Join(dir, "tmp")) },
		"blobs":      func() { os.RemoveAll(filepath.Join(dir, "blobs")) },
		"a file":     func() { os.RemoveAll(filepath.Join(dir, "tmp")); rewrite(t, filepath.Join(dir, "tmp"), nil) },
		"a link": func() {
			os.RemoveAll(filepath.Join(dir, "blobs", "sha256"))
			os.Symlink(t.TempDir(), filepath.Join(dir, "blobs", "sha256"))
		},
	} {
		remove()
		for digest, want := range set.Blobs {
			if b, err := readBlob(kept, ocitest.Descriptor("", want)); err != nil || !bytes.Equal(b, want) {
				t.Errorf("%s: %s: %v", name, digest, err)
			}
		}
		if err := oci.Pull(ctx, set, s, set.Root.Digest, nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		checkWhole(t, dir, set)
	}
}

// TestConfirm: what was had from one origin was not had from another, and what the store lost was not had at all.
func TestConfirm(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	b := []byte("blob")
	h := oci.DigestOf(b)
	confirmed := func(origin string) bool {
		ok, err := oci.NewStore(dir, nil).Confirmed(ctx, origin, h)
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	if confirmed("a/b") {
		t.Error("nobody said so")
	}
	s := oci.NewStore(dir, nil)
	for range 2 {
		if err := s.Confirm("a/b", h); err != nil {
			t.Fatal(err)
		}
	}
	if confirmed("a/b") {
		t.Error("the store has not got it")
	}
	if err := s.PutBytes(ctx, h, b); err != nil {
		t.Fatal(err)
	}
	if !confirmed("a/b") || confirmed("a/c") || confirmed("../a/b") {
		t.Error("a/b had it, and nobody else")
	}
	if err := s.Confirm("a/b", v1.Hash{Algorithm: "sha256", Hex: "../../x"}); err == nil {
		t.Error("no digest is a name")
	}
}
