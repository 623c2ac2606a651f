package attached

import (
	"context"
	"fmt"
	"io"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/sbomctl/sbomctl/engine/oci"
)

// manifest is what is read of an index or a manifest: one of Manifests and Layers is set.
type manifest struct {
	MediaType    types.MediaType
	ArtifactType string
	Config       *v1.Descriptor // nil of an index
	Layers       []v1.Descriptor
	Manifests    []v1.Descriptor
	Subject      *v1.Descriptor
	Annotations  map[string]string
}

// artifactType says what m is.
func (m *manifest) artifactType() string {
	switch {
	case m.ArtifactType != "":
		return m.ArtifactType
	case m.Config != nil && !m.Config.MediaType.IsConfig() && m.Config.MediaType != "application/vnd.oci.empty.v1+json":
		return string(m.Config.MediaType)
	case len(m.Layers) > 0:
		return string(m.Layers[0].MediaType)
	}
	return string(m.MediaType)
}

// manifest fetches an index or a manifest.
func (l *lister) manifest(ctx context.Context, digest v1.Hash) (m manifest, err error) {
	b, _, err := l.source.Manifest(ctx, digest)
	if err != nil {
		return m, err
	}
	return parseManifest("manifest "+digest.String()+" of "+l.name, b)
}

// parseManifest reads an index or a manifest.
func parseManifest(what string, b []byte) (manifest, error) {
	doc, err := oci.Parse(what, b, "")
	if err != nil {
		return manifest{}, err
	}
	if x := doc.Index; x != nil {
		return manifest{MediaType: doc.MediaType, ArtifactType: x.ArtifactType, Manifests: x.Manifests, Subject: x.Subject, Annotations: x.Annotations}, nil
	}
	m := doc.Manifest
	return manifest{MediaType: doc.MediaType, ArtifactType: m.ArtifactType, Config: &m.Config, Layers: m.Layers, Subject: m.Subject, Annotations: m.Annotations}, nil
}

// open reads an attached manifest: what it is, and which of its layers are signatures.
func (l *lister) open(ctx context.Context, in attachedManifest) ([]pending, []gap, error) {
	base := Attachment{Subject: in.to.digest, Platform: in.to.platform, Via: in.via, Type: clean(in.d.ArtifactType), Manifest: in.d.Digest, Digest: in.d.Digest, Size: in.d.Size}
	var m manifest
	var err error
	if in.bytes != nil {
		base.Size = int64(len(in.bytes))
		m, err = parseManifest("manifest "+in.d.Digest.String()+" of "+l.name, in.bytes)
	} else {
		m, err = l.manifest(ctx, in.d.Digest)
	}
	if err != nil {
		base.Kind = kindOf(base.Type, "")
		gaps, err := base.unread(err)
		return []pending{{Attachment: base}}, gaps, err
	}
	base.Type = clean(m.artifactType())
	base.Problem = m.belongs(in)
	base.Predicate = clean(m.Annotations["dev.sigstore.bundle.predicateType"])
	base.Kind = kindOf(base.Type, base.Predicate)
	var gaps []gap
	if n := len(m.Layers); n > maxLayers {
		gaps = append(gaps, tooMany(in.to.platform == "", "manifest "+in.d.Digest.String()+" of "+l.name, n, maxLayers))
		m.Layers = m.Layers[:maxLayers]
	}
	if base.Problem != "" || !m.each() {
		base.whole(m)
		return []pending{{Attachment: base}}, gaps, nil
	}
	var out []pending
	for i := range m.Layers {
		out = append(out, base.ofLayer(&m.Layers[i]))
	}
	return out, gaps, nil
}

// unread says why an attachment could not be read: in its Problem when that is its own fault, else also as an error of its own.
func (a *Attachment) unread(err error) ([]gap, error) {
	gaps, err := gapOf(err, a.Platform == "")
	if err != nil {
		return nil, err
	}
	a.Problem = "cannot be read: " + gaps[0].err.What + " " + gaps[0].err.Msg
	if !gaps[0].err.Kind.Inconclusive() {
		return nil, nil
	}
	return gaps, nil
}

// belongs returns why m is not attached to what it was listed for; "" when it is.
func (m *manifest) belongs(in attachedManifest) string {
	switch {
	case in.via == viaIndex && in.to.platform == "":
		return fmt.Sprintf("claims to be about %q, which is not in the index", clean(in.d.Annotations[annotationReference]))
	case m.Subject == nil && in.via == viaReferrers:
		return "names no subject, and is listed as a referrer"
	case m.Subject != nil && m.Subject.Digest != in.to.digest:
		return "claims to be about " + m.Subject.Digest.String()
	}
	return ""
}

// each reports whether each layer of m is an attachment of its own.
func (m *manifest) each() bool {
	for _, l := range m.Layers {
		if isSigned(string(l.MediaType)) || l.MediaType == typeStatement {
			return true
		}
	}
	return false
}

// isSigned reports whether a layer of that media type holds a signature that is read.
func isSigned(mediaType string) bool {
	return mediaType == typePayload || mediaType == typeEnvelope || strings.HasPrefix(mediaType, bundlePrefix)
}

// whole makes a of the manifest m as a whole, or of its one layer.
func (a *Attachment) whole(m manifest) {
	if len(m.Layers) == 1 {
		a.Digest, a.Size = m.Layers[0].Digest, m.Layers[0].Size
	}
	if a.Type == typeNotary && a.Problem == "" {
		a.Problem = "is a signature of the Notary Project, which is not read"
	}
}

// ofLayer returns the attachment that a layer of a's manifest is.
func (a Attachment) ofLayer(d *v1.Descriptor) pending {
	a.Type, a.Digest, a.Size = clean(string(d.MediaType)), d.Digest, d.Size
	for _, name := range []string{"predicateType", "in-toto.io/predicate-type"} {
		if p := d.Annotations[name]; p != "" {
			a.Predicate = clean(p)
		}
	}
	a.Kind = kindOf(a.Type, a.Predicate)
	most := int64(maxEnvelope)
	if a.Type == typePayload {
		most = maxPayload
	}
	switch {
	case !isSigned(a.Type):
		return pending{Attachment: a}
	case a.Size > most || a.Size < 0:
		a.Problem = fmt.Sprintf("has %d bytes, and at most %d are read", a.Size, most)
		return pending{Attachment: a}
	}
	return pending{a, d}
}

// read reads a signature, and holds it against each declared signer.
func (l *lister) read(ctx context.Context, p pending) ([]Attachment, []gap, error) {
	a := p.Attachment
	if p.layer == nil {
		return []Attachment{a}, nil, nil
	}
	b, err := l.blob(ctx, *p.layer)
	if err != nil {
		gaps, err := a.unread(err)
		return []Attachment{a}, gaps, err
	}
	var s *signature
	switch a.Type {
	case typePayload:
		s, err = readPayload(b, p.layer.Annotations)
	case typeEnvelope:
		s, err = readEnvelope(b, p.layer.Annotations)
	default:
		s, err = readBundle(b)
	}
	if err != nil {
		a.Problem = err.Error()
		return []Attachment{a}, nil, nil
	}
	if s.claim.manifest {
		if s.message, _, err = l.source.Manifest(ctx, a.Subject); err != nil {
			gaps, err := a.unread(err)
			return []Attachment{a}, gaps, err
		}
	}
	a.hold(s, l.signers, l.now)
	return []Attachment{a}, nil, nil
}

// blob fetches the blob that d names, all of it.
func (l *lister) blob(ctx context.Context, d v1.Descriptor) ([]byte, error) {
	r, err := l.source.Blob(ctx, d)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	// A source yields no more than d.Size bytes, which is bounded; this holds when it does, too.
	b, err := io.ReadAll(io.LimitReader(r, d.Size+1))
	if err == nil && int64(len(b)) != d.Size {
		err = &oci.Error{Kind: oci.Mismatch, What: "blob " + d.Digest.String(), Msg: "has another size than its descriptor says"}
	}
	return b, err
}
