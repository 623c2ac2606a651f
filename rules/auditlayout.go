package rules

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/sbomctl/sbomctl/engine/oci"
)

// namedLayout is a layout whose errors call it as a reader of a report does, who may be on another machine: where it lies on this one is not told.
type namedLayout struct {
	*oci.Layout
	name string
}

// layoutName is what a layout is called: its path in the workspace, or what its folder is called when it lies elsewhere.
func layoutName(root, dir string) string {
	rel, err := filepath.Rel(root, dir)
	if err != nil || !filepath.IsLocal(rel) {
		return filepath.Base(dir)
	}
	return filepath.ToSlash(rel)
}

// Manifest implements oci.Source.
func (l namedLayout) Manifest(ctx context.Context, digest v1.Hash) ([]byte, types.MediaType, error) {
	b, called, err := l.Layout.Manifest(ctx, digest)
	return b, called, l.told(err)
}

// Blob implements oci.Source.
func (l namedLayout) Blob(ctx context.Context, d v1.Descriptor) (io.ReadCloser, error) {
	r, err := l.Layout.Blob(ctx, d)
	if err != nil {
		return nil, l.told(err)
	}
	return namedBlob{r, l}, nil
}

type namedBlob struct {
	io.ReadCloser
	of namedLayout
}

func (b namedBlob) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	return n, b.of.told(err)
}

// told is an error with the layout's name in place of its path.
func (l namedLayout) told(err error) error {
	var e *oci.Error
	if !errors.As(err, &e) {
		return err
	}
	told := *e
	told.What = strings.ReplaceAll(e.What, filepath.ToSlash(l.Dir()), l.name)
	return &told
}
