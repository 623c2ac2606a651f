package attached

import (
	"context"
	"errors"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sbomctl/sbomctl/engine/oci"
)

// Layout is the Lister of an OCI image layout: what its index.json names. Tags are the annotation org.opencontainers.image.ref.name.
type Layout struct{ *oci.Layout }

// Referrers implements Lister. A manifest that index.json names and that cannot be read is not passed over: it could be one.
func (l Layout) Referrers(ctx context.Context, digest v1.Hash) ([]v1.Descriptor, error) {
	var out []v1.Descriptor
	seen := map[v1.Hash]bool{}
	for _, d := range l.Roots() {
		if seen[d.Digest] {
			continue
		}
		seen[d.Digest] = true
		b, err := l.named(ctx, d)
		if err != nil {
			return nil, err
		}
		m, err := parseManifest("manifest "+d.Digest.String(), b)
		if err != nil {
			return nil, err
		}
		if m.Subject != nil && m.Subject.Digest == digest {
			d.ArtifactType = m.artifactType()
			out = append(out, d)
		}
	}
	return out, nil
}

// Resolve implements Lister.
func (l Layout) Resolve(ctx context.Context, tag string) (v1.Descriptor, []byte, error) {
	for _, d := range l.Roots() {
		if d.Annotations["org.opencontainers.image.ref.name"] == tag {
			b, err := l.named(ctx, d)
			return d, b, err
		}
	}
	return v1.Descriptor{}, nil, &oci.Error{Kind: oci.Missing, What: "tag " + tag, Msg: "is not in the layout"}
}

// named reads a manifest that index.json names. That it is not there is no answer: without it nobody knows what it was.
func (l Layout) named(ctx context.Context, d v1.Descriptor) ([]byte, error) {
	b, _, err := l.Manifest(ctx, d.Digest)
	if e := (*oci.Error)(nil); oci.IsMissing(err) && errors.As(err, &e) {
		return nil, &oci.Error{Kind: oci.Malformed, What: e.What, Msg: e.Msg + ", and index.json names it"}
	}
	return b, err
}
