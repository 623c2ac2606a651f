package oci_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/engine/oci/ocitest"
)

func TestLayout(t *testing.T) {
	set := twoPlatforms()
	set.Root.Annotations = map[string]string{"org.opencontainers.image.ref.name": "1"}
	dir := t.TempDir()
	set.WriteLayout(dir)
	l, err := oci.OpenLayout(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if r := l.Roots(); len(r) != 1 || r[0].Digest != set.Root.Digest || r[0].Annotations["org.opencontainers.image.ref.name"] != "1" || l.Dir() != dir {
		t.Errorf("%v", r)
	}
	b, called, err := l.Manifest(ctx, set.Root.Digest)
	if err != nil || oci.DigestOf(b) != set.Root.Digest || called != set.Root.MediaType {
		t.Error(called, err)
	}
	for digest, d := range set.Manifests {
		if b, _, err := l.Manifest(ctx, digest); err != nil || string(b) != string(d.Bytes) {
			t.Error(err)
		}
	}
	none := oci.DigestOf([]byte("none"))
	_, _, err = l.Manifest(ctx, none)
	wantKind(t, err, oci.Missing, "manifest "+none.String()+" of OCI layout "+filepath.ToSlash(dir)+" is not there")
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, _, err := l.Manifest(gone, set.Root.Digest); err != context.Canceled {
		t.Error(err)
	}
	for digest, b := range set.Blobs {
		d := ocitest.Descriptor("", b)
		if got, err := readBlob(l, d); err != nil || string(got) != string(b) {
			t.Error(err)
		}
		if r, err := l.Blob(gone, d); err == nil {
			if _, err := io.ReadAll(r); err != context.Canceled {
				t.Error(err)
			}
			r.Close()
		}
		d.Size--
		_, err := readBlob(l, d)
		wantKind(t, err, oci.Mismatch, "has more than the declared")
		d.Size += 2
		_, err = readBlob(l, d)
		wantKind(t, err, oci.Mismatch)
		rewrite(t, blobPath(dir, digest), append([]byte("x"), b[1:]...))
		_, err = readBlob(l, ocitest.Descriptor("", b))
		wantKind(t, err, oci.Mismatch, "has other bytes")
		if _, err := os.Stat(blobPath(dir, digest)); err != nil {
			t.Error("a user's file was touched:", err)
		}
	}
	// Two layouts and the store: the first that has it.
	other := t.TempDir()
	set.WriteLayout(other)
	l2, err := oci.OpenLayout(other)
	if err != nil {
		t.Fatal(err)
	}
	defer l2.Close()
	os.Remove(blobPath(dir, set.Root.Digest))
	if _, _, err := oci.First(l, l2).Manifest(ctx, set.Root.Digest); err != nil {
		t.Error(err)
	}
}

func readBlob(s oci.Source, d v1.Descriptor) ([]byte, error) {
	r, err := s.Blob(ctx, d)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// TestBadLayouts: folders that are none, and what is hostile in one.
func TestBadLayouts(t *testing.T) {
	good := twoPlatforms()
	for name, tt := range map[string]struct {
		damage func(t *testing.T, dir string)
		want   string
	}{
		"no folder": {func(t *testing.T, dir string) { os.RemoveAll(dir) }, "cannot be opened: no such file or directory"},
		"a file":    {func(t *testing.T, dir string) { os.RemoveAll(dir); rewrite(t, dir, nil) }, "cannot be opened: not a directory"},
		"empty":     {func(t *testing.T, dir string) { os.RemoveAll(dir); os.Mkdir(dir, 0o777) }, "is no OCI layout: oci-layout: no such file"},
		"other version": {func(t *testing.T, dir string) {
			rewrite(t, dir+"/oci-layout", []byte(`{"imageLayoutVersion":"2.0.0"}`))
		}, `states the version "2.0.0", expected "1.0.0"`},
		"no version":   {func(t *testing.T, dir string) { rewrite(t, dir+"/oci-layout", []byte(`x`)) }, `states the version ""`},
		"no index":     {func(t *testing.T, dir string) { os.Remove(dir + "/index.json") }, "is no OCI layout: index.json: no such file"},
		"index folder": {func(t *testing.T, dir string) { os.Remove(dir + "/index.json"); os.Mkdir(dir+"/index.json", 0o777) }, "index.json: it is a folder"},
		"index link": {func(t *testing.T, dir string) {
			os.Remove(dir + "/index.json")
			os.Symlink("/etc/passwd", dir+"/index.json")
		}, "index.json: it is a symbolic link"},
		"vast index": {func(t *testing.T, dir string) { os.Truncate(dir+"/index.json", 1<<40) }, "index.json: it has 1099511627776 bytes, at most 4194304 are read"},
		"torn index": {func(t *testing.T, dir string) { rewrite(t, dir+"/index.json", []byte(`{"schemaVersion":2,`)) }, "whose index.json is no JSON of an index or a manifest: it is cut short"},
		"no digest": {func(t *testing.T, dir string) {
			rewrite(t, dir+"/index.json", []byte(`{"schemaVersion":2,"manifests":[{"size":1}]}`))
		}, "names a blob without a digest"},
		"a manifest": {func(t *testing.T, dir string) {
			rewrite(t, dir+"/index.json", []byte(`{"schemaVersion":2,"config":`+blobA+`}`))
		}, "whose index.json is no index but"},
	} {
		t.Run(name, func(t *testing.T) {
			if runtime.GOOS == "windows" && strings.Contains(name, "link") {
				t.Skip("links need a privilege there")
			}
			dir := filepath.Join(t.TempDir(), "layout")
			good.WriteLayout(dir)
			tt.damage(t, dir)
			_, err := oci.OpenLayout(dir)
			if oci.KindOf(err) == "" || !strings.Contains(err.Error(), "folder "+filepath.ToSlash(dir)+" ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, expected %s", err, tt.want)
			}
		})
	}
}

// TestLayoutLinks: what a link in a layout leads to is not read, wherever it lies.
func TestLayoutLinks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege there")
	}
	set := twoPlatforms()
	outside := t.TempDir()
	set.WriteLayout(outside)
	for name, link := range map[string]func(dir string) error{
		"blob": func(dir string) error {
			os.Remove(blobPath(dir, set.Root.Digest))
			return os.Symlink(blobPath(outside, set.Root.Digest), blobPath(dir, set.Root.Digest))
		},
		"folder": func(dir string) error {
			os.RemoveAll(filepath.Join(dir, "blobs"))
			return os.Symlink(filepath.Join(outside, "blobs"), filepath.Join(dir, "blobs"))
		},
	} {
		dir := t.TempDir()
		set.WriteLayout(dir)
		if err := link(dir); err != nil {
			t.Fatal(err)
		}
		l, err := oci.OpenLayout(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		b, _, err := l.Manifest(ctx, set.Root.Digest)
		if b != nil || oci.KindOf(err) != oci.Malformed || !strings.Contains(err.Error(), "cannot be read") {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
}

// TestBigManifest: what is larger than a manifest may be is not read into memory.
func TestBigManifest(t *testing.T) {
	big := make([]byte, oci.MaxManifest+1)
	set := ocitest.Raw("application/vnd.oci.image.index.v1+json", big)
	dir := t.TempDir()
	set.WriteLayout(dir)
	l, err := oci.OpenLayout(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, _, err = l.Manifest(ctx, set.Root.Digest)
	wantKind(t, err, oci.Malformed, "at most 4194304 are read")
	m := &v1.Manifest{Config: v1.Descriptor{Digest: set.Root.Digest, Size: int64(len(big))}}
	_, err = oci.ReadConfig(ctx, l, m)
	wantKind(t, err, oci.Malformed, "at most 4194304 are read")
}

// TestConfig: one that is none.
func TestConfig(t *testing.T) {
	set := ocitest.Image("linux/amd64")
	b := []byte("[]")
	d := ocitest.Descriptor("", b)
	set.Blobs[d.Digest] = b
	_, err := oci.ReadConfig(ctx, set, &v1.Manifest{Config: d})
	wantKind(t, err, oci.Malformed, "config "+d.Digest.String(), "is no JSON of an image's config")
}
