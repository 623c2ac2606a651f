package audit

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/rules/attached"
	"github.com/sbomctl/sbomctl/rules/pin"
	"github.com/sbomctl/sbomctl/rules/registry"
)

// Origin is where an image is had.
type Origin struct {
	Name   string // for messages
	Source oci.Source
	Layout bool // a layout on this machine, and no registry

	// Registry is asked about tags and about what is attached. nil: there is none that could be asked, for the reason NoRegistry.
	Registry   Registry
	NoRegistry Unknown

	Lister attached.Lister // says what is attached to the image
}

// Registry is a repository of a registry.
type Registry interface {
	oci.Source
	// Resolve returns what a tag points at: a descriptor of bytes that were hashed, and these.
	Resolve(ctx context.Context, tag string) (v1.Descriptor, []byte, error)
}

// Origins knows where an audit has images. What was pulled before is none: that the cache has an image does not say that anybody else has it.
type Origins struct {
	Images *registry.Images
	Root   string // of the workspace: folders that images declare are relative to it
}

// Open returns where an image is had, for an Auditor. The layout that the image declares is where it lives, as far as the audit goes: no registry is asked
// about one that is there, by whatever name it might have it. The layouts of the command line are asked before the registry, as folders of
// --distdir are.
func (o *Origins) Open(ctx context.Context, im *pin.Image) (*Origin, error) {
	digest, _ := v1.NewHash(im.Digest) // of an image that is not pinned no layout has anything
	if im.OCILayout != "" {
		l, err := o.Images.Layout(filepath.Join(o.Root, filepath.FromSlash(im.OCILayout)))
		if e := (*oci.Error)(nil); errors.As(err, &e) { // where the workspace lies on this machine is not told
			return nil, &oci.Error{Kind: e.Kind, What: "the layout " + im.OCILayout, Msg: e.Msg, Hints: e.Hints, Err: err}
		}
		if err != nil {
			return nil, err
		}
		if l = l.Named(im.OCILayout); has(ctx, l, digest) {
			return &Origin{Name: "the layout " + im.OCILayout, Source: l, Layout: true, Lister: attached.Layout{Layout: l}, NoRegistry: Unknown{Kind: oci.Offline,
				What: fmt.Sprintf("tag %s of %s", im.Tag, im.Repository), Why: fmt.Sprintf("was not asked for: the image is in the layout %s, which cannot tell what a registry has", im.OCILayout),
				Hints: []string{"without oci_layout in the declaration, " + im.Repository + " is asked"}}}, nil
		}
	}
	r, err := o.Images.Client.Repository(im.Repository, im.Insecure)
	if err != nil {
		return nil, err
	}
	for _, l := range o.Images.Layouts {
		name := layoutName(o.Root, l.Dir())
		if l = l.Named(name); has(ctx, l, digest) {
			return &Origin{Name: "the layout " + name, Source: oci.First(l, r), Layout: true, Registry: r, Lister: attached.Layout{Layout: l}}, nil
		}
	}
	return &Origin{Name: im.Repository, Source: r, Registry: r, Lister: r}, nil
}

// has reports whether a layout has a manifest, be it damaged.
func has(ctx context.Context, l *oci.Layout, digest v1.Hash) bool {
	if digest.Hex == "" {
		return false
	}
	_, _, err := l.Manifest(ctx, digest)
	return err == nil || !oci.IsMissing(err)
}

// layoutName is what a layout is called: its path in the workspace, or what its folder is called when it lies elsewhere.
func layoutName(root, dir string) string {
	rel, err := filepath.Rel(root, dir)
	if err != nil || !filepath.IsLocal(rel) {
		return filepath.Base(dir)
	}
	return filepath.ToSlash(rel)
}
