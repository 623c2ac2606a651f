package oci

import (
	"context"
	"encoding/json"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Find returns the manifest of an image for a platform: root itself when that is a manifest, else the one that its index names.
// Whether a manifest that is root is for the platform, its config says.
func Find(ctx context.Context, src Source, root v1.Hash, platform v1.Platform) (v1.Descriptor, *v1.Manifest, error) {
	return find(ctx, src, v1.Descriptor{Digest: root, Size: -1}, platform, 1)
}

func find(ctx context.Context, src Source, d v1.Descriptor, platform v1.Platform, depth int) (v1.Descriptor, *v1.Manifest, error) {
	fail := func(err error) (v1.Descriptor, *v1.Manifest, error) { return v1.Descriptor{}, nil, err }
	what := "manifest " + d.Digest.String()
	raw, called, err := src.Manifest(ctx, d.Digest)
	if err != nil {
		return fail(err)
	}
	if d.Size >= 0 && int64(len(raw)) != d.Size {
		return fail(wrongSize(what, int64(len(raw)), d.Size))
	}
	if called == "" {
		called = d.MediaType
	}
	doc, err := Parse(what, raw, called)
	if err != nil {
		return fail(err)
	}
	if doc.Manifest != nil {
		d.MediaType, d.Size = doc.MediaType, int64(len(raw))
		return d, doc.Manifest, nil
	}
	what = "index " + d.Digest.String()
	if depth > MaxDepth {
		return fail(tooDeep(what))
	}
	child, chooseErr := Choose(doc.Index, platform)
	if chooseErr == nil {
		return find(ctx, src, child, platform, depth+1)
	}
	missing := &Error{Kind: Missing, What: what, Msg: chooseErr.Error()}
	for _, inner := range doc.Index.Manifests {
		if !inner.MediaType.IsIndex() || inner.Platform != nil {
			continue
		}
		found, m, err := find(ctx, src, inner, platform, depth+1)
		if err == nil || !IsMissing(err) {
			return found, m, err
		}
	}
	return fail(missing)
}

// ReadConfig returns the config of an image: what it was made for, and how a container of it is run.
func ReadConfig(ctx context.Context, src Source, m *v1.Manifest) (*v1.ConfigFile, error) {
	what := "config " + m.Config.Digest.String()
	r, err := src.Blob(ctx, m.Config)
	if err != nil {
		return nil, err
	}
	b, err := readAll(what, r, m.Config, MaxManifest)
	if err != nil {
		return nil, err
	}
	c := &v1.ConfigFile{}
	if err := json.Unmarshal(b, c); err != nil {
		return nil, &Error{Kind: Malformed, What: what, Msg: "is no JSON of an image's config: " + err.Error()}
	}
	return c, nil
}
