package rules

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/rules/audit"
	"github.com/sbomctl/sbomctl/rules/pin"
)

// Origins knows where an audit has images.
type Origins struct {
	Root     string     // of the workspace: folders that images declare are relative to it
	Layouts  []string   // folders that may have any image, asked before registries
	Kept     *oci.Store // what was pulled from registries
	Warn     func(message string)
	Registry func(image *pin.Image) (audit.Registry, error)
}

// Open returns where an image is had. The layout that the image declares is where it lives, as far as the audit goes: no registry is asked
// about one that is there, by whatever name it might have it. The layouts of the command line are asked before the registry, as folders of
// --distdir are.
func (o *Origins) Open(ctx context.Context, im *pin.Image) (*audit.Origin, error) {
	digest, _ := v1.NewHash(im.Digest) // of an image that is not pinned no layout has anything
	if im.OCILayout != "" {
		l, err := oci.OpenLayout(filepath.Join(o.Root, filepath.FromSlash(im.OCILayout)))
		if err != nil {
			var e *oci.Error
			if errors.As(err, &e) { // where the workspace lies on this machine is not told
				return nil, &oci.Error{Kind: e.Kind, What: "the layout " + im.OCILayout, Msg: e.Msg, Hints: e.Hints, Err: err}
			}
			return nil, err
		}
		if has(ctx, l, digest) {
			return &audit.Origin{Name: "the layout " + im.OCILayout, Source: l, Layout: true, NoRegistry: audit.Unknown{Kind: oci.Offline,
				Msg:   fmt.Sprintf("where the tag %s points cannot be seen in the layout %s, and no registry was asked", im.Tag, im.OCILayout),
				Hints: []string{"without oci_layout in the declaration, " + im.Repository + " is asked"}}}, nil
		}
	}
	r, err := o.Registry(im)
	if err != nil {
		return nil, err
	}
	for _, dir := range o.Layouts {
		l, err := oci.OpenLayout(dir)
		if err != nil {
			return nil, err
		}
		if has(ctx, l, digest) {
			return &audit.Origin{Name: "the layout " + filepath.ToSlash(dir), Source: oci.First(l, r), Layout: true, Registry: r}, nil
		}
	}
	return &audit.Origin{Name: im.Repository, Source: r, Registry: r}, nil
}

// has reports whether a layout has a manifest, be it damaged.
func has(ctx context.Context, l *oci.Layout, digest v1.Hash) bool {
	if digest.Hex == "" {
		return false
	}
	_, _, err := l.Manifest(ctx, digest)
	return err == nil || !oci.IsMissing(err)
}
