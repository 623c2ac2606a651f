package container

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/engine/rootfs"
)

// unpacked returns the root filesystem of a job's image. What is in the store below the cache is asked of nobody, and an image that is unpacked
// is not read again.
func (r *Runner) unpacked(ctx context.Context, image Image) (*rootfs.Root, error) {
	// Commands that begin at once wait for the first of them to unpack their image; another process waits by a lock of the store.
	lock, _ := r.unpacking.LoadOrStore(image.String()+" "+image.Platform.String(), &sync.Mutex{})
	lock.(*sync.Mutex).Lock()
	defer lock.(*sync.Mutex).Unlock()
	from, err := r.Source(image)
	if err != nil {
		return nil, imageError(image, err)
	}
	src := &pulled{Source: r.images.Keep(from), pull: func(ctx context.Context) error {
		return oci.Pull(ctx, from, r.images, image.Digest, []v1.Platform{image.Platform})
	}}
	d, _, err := oci.Find(ctx, src, image.Digest, image.Platform)
	if err != nil {
		return nil, imageError(image, err)
	}
	root, err := r.roots.Get(ctx, src, d.Digest)
	if err != nil {
		return nil, imageError(image, err)
	}
	if !oci.Matches(root.Platform, image.Platform) {
		has := "is for " + root.Platform.String()
		if root.Platform.OS == "" && root.Platform.Architecture == "" {
			has = "names no platform in its config"
		}
		return nil, &diag.Error{Msg: fmt.Sprintf("image %s %s, and %s is declared", image, has, image.Platform), Attr: "platform"}
	}
	for _, v := range root.Config.Env {
		if strings.ContainsRune(v, 0) {
			return nil, &diag.Error{Msg: fmt.Sprintf("image %s has %q in its environment, and no variable can hold a NUL", image, v)}
		}
	}
	return root, nil
}

// pulled is a Source that gets the whole image, its layers in parallel, once a blob is asked for.
type pulled struct {
	oci.Source
	pull func(ctx context.Context) error
	once sync.Once
	err  error
}

func (p *pulled) Blob(ctx context.Context, d v1.Descriptor) (io.ReadCloser, error) {
	p.once.Do(func() { p.err = p.pull(ctx) })
	if p.err != nil {
		return nil, p.err
	}
	return p.Source.Blob(ctx, d)
}

// imageError is an error of an image for a user.
func imageError(image Image, err error) error {
	var e *oci.Error
	var d *diag.Error
	switch {
	case errors.As(err, &e):
		what := e.What
		if !strings.Contains(what, image.Repository) {
			what += " of " + image.Repository
		}
		hints := e.Hints
		if len(hints) == 0 && (e.Kind == oci.Offline || e.Kind == oci.Missing) {
			hints = []string{"--oci_layout=DIR takes an image from a folder"}
		}
		return &diag.Error{Msg: what + " " + e.Msg, Hints: hints, Err: err}
	case errors.As(err, &d), errors.Is(err, context.Canceled):
		return err
	}
	return &diag.Error{Msg: fmt.Sprintf("image %s: %v", image, err), Err: err}
}
