package rules

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/rules/attached"
	"github.com/sbomctl/sbomctl/rules/audit"
	"github.com/sbomctl/sbomctl/rules/pin"
	"github.com/sbomctl/sbomctl/rules/registry"
)

// origins knows where an audit has images. What was pulled before is none: that the cache has an image does not say that anybody else has it.
type origins struct {
	*registry.Images
	root string // of the workspace: folders that images declare are relative to it
}

// open returns where an image is had. The layout that the image declares is where it lives, as far as the audit goes: no registry is asked
// about one that is there, by whatever name it might have it. The layouts of the command line are asked before the registry, as folders of
// --distdir are.
func (o *origins) open(ctx context.Context, im *pin.Image) (*audit.Origin, error) {
	digest, _ := v1.NewHash(im.Digest) // of an image that is not pinned no layout has anything
	if im.OCILayout != "" {
		l, err := oci.OpenLayout(filepath.Join(o.root, filepath.FromSlash(im.OCILayout)))
		if e := (*oci.Error)(nil); errors.As(err, &e) { // where the workspace lies on this machine is not told
			return nil, &oci.Error{Kind: e.Kind, What: "the layout " + im.OCILayout, Msg: e.Msg, Hints: e.Hints, Err: err}
		}
		if err != nil {
			return nil, err
		}
		if has(ctx, l, digest) {
			return &audit.Origin{Name: "the layout " + im.OCILayout, Source: namedLayout{l, im.OCILayout}, Layout: true, Lister: attached.Layout{Layout: l}, NoRegistry: audit.Unknown{Kind: oci.Offline,
				What: fmt.Sprintf("tag %s of %s", im.Tag, im.Repository), Why: fmt.Sprintf("was not asked for: the image is in the layout %s, which cannot tell what a registry has", im.OCILayout),
				Hints: []string{"without oci_layout in the declaration, " + im.Repository + " is asked"}}}, nil
		}
	}
	r, err := o.repository(im)
	if err != nil {
		return nil, err
	}
	for _, l := range o.Layouts {
		if has(ctx, l, digest) {
			name := layoutName(o.root, l.Dir())
			return &audit.Origin{Name: "the layout " + name, Source: oci.First(namedLayout{l, name}, r), Layout: true, Registry: r, Lister: attached.Layout{Layout: l}}, nil
		}
	}
	return &audit.Origin{Name: im.Repository, Source: r, Registry: r, Lister: r}, nil
}

func (o *origins) repository(im *pin.Image) (*registry.Repository, error) {
	if im.Insecure {
		return o.Client.InsecureRepository(im.Repository)
	}
	return o.Client.Repository(im.Repository)
}

// has reports whether a layout has a manifest, be it damaged.
func has(ctx context.Context, l *oci.Layout, digest v1.Hash) bool {
	if digest.Hex == "" {
		return false
	}
	_, _, err := l.Manifest(ctx, digest)
	return err == nil || !oci.IsMissing(err)
}
