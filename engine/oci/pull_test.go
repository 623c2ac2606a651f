package oci_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/engine/oci/ocitest"
)

var ctx = context.Background()

// twoPlatforms is an index of two images that share a layer.
func twoPlatforms() *ocitest.Set {
	base := ocitest.Layer(ocitest.Gzip, ocitest.Entry{Name: "bin/"}, ocitest.Entry{Name: "bin/sh", Body: "#!", Mode: 0o755})
	arm := ocitest.Layer(ocitest.Gzip, ocitest.Entry{Name: "arm", Body: strings.Repeat("arm", 100)})
	return ocitest.Index(ocitest.Image("linux/amd64", base), ocitest.Image("linux/arm64/v8", base, arm))
}

// counting counts what a source is asked for.
type counting struct {
	oci.Source
	mu    sync.Mutex
	asked map[v1.Hash]int
}

func (c *counting) count(d v1.Hash) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.asked == nil {
		c.asked = map[v1.Hash]int{}
	}
	c.asked[d]++
}

func (c *counting) Manifest(ctx context.Context, d v1.Hash) ([]byte, types.MediaType, error) {
	c.count(d)
	return c.Source.Manifest(ctx, d)
}

func (c *counting) Blob(ctx context.Context, d v1.Descriptor) (io.ReadCloser, error) {
	c.count(d.Digest)
	return c.Source.Blob(ctx, d)
}

func wantKind(t *testing.T, err error, kind oci.Kind, words ...string) {
	t.Helper()
	var e *oci.Error
	if !errors.As(err, &e) || e.Kind != kind {
		t.Fatalf("got %v, expected %s", err, kind)
	}
	for _, w := range words {
		if !strings.Contains(e.Error(), w) {
			t.Errorf("got %q, expected %q in it", e, w)
		}
	}
}

// TestPull: what was pulled is a layout that go-containerregistry finds sound, is there without the source, and is not fetched again.
func TestPull(t *testing.T) {
	set := twoPlatforms()
	dir := t.TempDir()
	source := &counting{Source: set}
	if err := oci.Pull(ctx, source, oci.NewStore(dir, nil), set.Root.Digest, nil); err != nil {
		t.Fatal(err)
	}
	for d, n := range source.asked {
		if n != 1 {
			t.Errorf("%s was fetched %d times", d, n)
		}
	}
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	inner, err := index.ImageIndex(set.Root.Digest)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(inner); err != nil {
		t.Error(err)
	}
	again := &counting{Source: set}
	store := oci.NewStore(dir, func(m string) { t.Error(m) })
	if err := oci.Pull(ctx, again, store, set.Root.Digest, nil); err != nil || len(again.asked) > 0 {
		t.Errorf("%v, asked for %v", err, again.asked)
	}
	if l, err := oci.OpenLayout(dir); err != nil || len(l.Roots()) != 1 || l.Roots()[0].Digest != set.Root.Digest {
		t.Errorf("%v, %v", l, err)
	}
	if tmp, err := os.ReadDir(filepath.Join(dir, "tmp")); err != nil || len(tmp) > 0 {
		t.Errorf("%v, %v", tmp, err)
	}
}
