package oci

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// What is read of an image is bounded, whoever sends it.
const (
	MaxManifest = 4 << 20  // bytes of a manifest, an index or a config; registries take no larger manifest either
	MaxBlob     = 64 << 30 // bytes of a layer
	MaxChildren = 1000     // manifests of an index, and layers of a manifest
	MaxDepth    = 3        // indexes within each other
)

// Document is an index or a manifest: one of both is set.
type Document struct {
	MediaType types.MediaType // what it says itself to be; what it is, when it says nothing
	Index     *v1.IndexManifest
	Manifest  *v1.Manifest
}

// Children returns what the document names: the manifests of an index, the config and the layers of a manifest.
func (d *Document) Children() []v1.Descriptor {
	if d.Index != nil {
		return d.Index.Manifests
	}
	return append([]v1.Descriptor{d.Manifest.Config}, d.Manifest.Layers...)
}

// Subject returns the manifest that the document was attached to, nil when it says none.
func (d *Document) Subject() *v1.Descriptor {
	if d.Index != nil {
		return d.Index.Subject
	}
	return d.Manifest.Subject
}

// Parse reads an index or a manifest. what names it in errors; called is the media type that somebody else gave it, "" when nobody
// did. The bytes decide what it is, because mirrors call it something else; called only helps where they do not say.
// Whether both agree is for the caller to judge. Errors are an *Error of the kind Malformed or MediaType.
func Parse(what string, raw []byte, called types.MediaType) (*Document, error) {
	malformed := func(format string, args ...any) (*Document, error) {
		return nil, &Error{Kind: Malformed, What: what, Msg: fmt.Sprintf(format, args...)}
	}
	if len(raw) > MaxManifest {
		return malformed("has %d bytes, at most %d are read", len(raw), MaxManifest)
	}
	var head struct {
		SchemaVersion int             `json:"schemaVersion"`
		MediaType     types.MediaType `json:"mediaType"`
		Manifests     json.RawMessage `json:"manifests"`
		Layers        json.RawMessage `json:"layers"`
		Config        json.RawMessage `json:"config"`
	}
	if err := decode(raw, &head); err != nil {
		return malformed("is no JSON of an index or a manifest: %s", err)
	}
	if head.SchemaVersion == 1 || head.MediaType.IsSchema1() {
		return nil, &Error{Kind: MediaType, What: what, Msg: "is of the old schema 1, whose digest does not cover its layers' sizes or its config; expected an OCI or a Docker schema 2 manifest",
			Hints: []string{"build and push the image with a tool of this decade, or copy it with one that converts it, and pin what that makes"}}
	}
	if head.SchemaVersion != 2 {
		return malformed("has schemaVersion %d, expected 2", head.SchemaVersion)
	}
	// What can be read as both would be one image to this program and another to the next (CVE-2021-41190).
	index, image := head.Manifests != nil, head.Layers != nil || head.Config != nil
	if index && image {
		return malformed("has manifests as an index, and layers or a config as a manifest")
	}
	kind := head.MediaType
	switch {
	case kind != "":
	case called.IsIndex() && index, called.IsImage() && image:
		kind = called
	case index:
		kind = types.OCIImageIndex
	case image:
		kind = types.OCIManifestSchema1
	default:
		return malformed("has neither manifests nor layers")
	}
	d := &Document{MediaType: kind}
	var err error
	switch {
	case kind.IsIndex() && image, kind.IsImage() && index:
		return malformed("says it is %s, and is not", kind)
	case kind.IsIndex():
		d.Index = &v1.IndexManifest{}
		err = decode(raw, d.Index)
	case kind.IsImage():
		d.Manifest = &v1.Manifest{}
		err = decode(raw, d.Manifest)
	default:
		return nil, &Error{Kind: MediaType, What: what, Msg: fmt.Sprintf("is %q, expected an index or a manifest of an image", kind)}
	}
	if err != nil {
		return malformed("is no JSON of %s: %s", kind, err)
	}
	children := d.Children()
	if len(children) > MaxChildren+1 {
		return malformed("names %d blobs, at most %d are read", len(children), MaxChildren)
	}
	if s := d.Subject(); s != nil {
		children = append(children[:len(children):len(children)], *s)
	}
	for _, c := range children {
		if err := checkDescriptor(c); err != nil {
			return malformed("%s", err)
		}
	}
	return d, nil
}

// checkDescriptor refuses what no Source can be asked for. The error is a sentence without a subject, about whatever names d.
func checkDescriptor(d v1.Descriptor) error {
	switch {
	case d.Digest == v1.Hash{}:
		return fmt.Errorf("names a blob without a digest")
	case d.Digest.Algorithm != "sha256":
		return fmt.Errorf("names a blob by %s, which sbomctl does not read; expected sha256", d.Digest.Algorithm)
	case d.Size < 0 || d.Size > MaxBlob:
		return fmt.Errorf("says that %s has %d bytes; expected 0 to %d", d.Digest, d.Size, int64(MaxBlob))
	case d.Data != nil && (int64(len(d.Data)) != d.Size || DigestOf(d.Data) != d.Digest):
		return fmt.Errorf("carries data of %s that are other bytes", d.Digest)
	}
	return nil
}

// decode reads one JSON value and nothing after it.
func decode(raw []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	if err := dec.Decode(into); err != nil {
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return fmt.Errorf("it is cut short")
		}
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return fmt.Errorf("something follows it")
	}
	return nil
}
