package ocitest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/sbomctl/sbomctl/engine/oci"
)

// Set is an index or a manifest with all below it. It is an oci.Source.
type Set struct {
	Root      v1.Descriptor
	Manifests map[v1.Hash]Document // indexes and manifests
	Blobs     map[v1.Hash][]byte   // configs and layers
}

// Document is the bytes of an index or a manifest, and what they are called.
type Document struct {
	MediaType types.MediaType
	Bytes     []byte
}

var _ oci.Source = (*Set)(nil)

// Image returns an image of layers for a platform such as "linux/arm64/v8"; with "" its config states none. change, if any, edits
// its config and its manifest before they are encoded.
func Image(platform string, layers ...LayerBlob) *Set { return ImageWith(platform, nil, layers...) }

// ImageWith is Image, whose config and manifest are edited before they are encoded. The manifest's config is set in any case.
func ImageWith(platform string, change func(*v1.ConfigFile, *v1.Manifest), layers ...LayerBlob) *Set {
	s := empty()
	config := &v1.ConfigFile{RootFS: v1.RootFS{Type: "layers", DiffIDs: []v1.Hash{}}}
	m := &v1.Manifest{SchemaVersion: 2, MediaType: types.OCIManifestSchema1, Layers: []v1.Descriptor{}}
	m.Config.MediaType = types.OCIConfigJSON
	var p v1.Platform
	if platform != "" {
		var err error
		p, err = oci.ParsePlatform(platform)
		must(err)
		config.OS, config.Architecture, config.Variant = p.OS, p.Architecture, p.Variant
	}
	for _, l := range layers {
		config.RootFS.DiffIDs = append(config.RootFS.DiffIDs, l.DiffID)
		m.Layers = append(m.Layers, l.Descriptor)
		s.Blobs[l.Digest] = l.Bytes
	}
	if change != nil {
		change(config, m)
	}
	b := encode(config)
	m.Config = Descriptor(m.Config.MediaType, b)
	s.Blobs[m.Config.Digest] = b
	s.setRoot(m.MediaType, encode(m))
	if platform != "" {
		s.Root.Platform = &p
	}
	return s
}

// Index returns an index of images, or of indexes.
func Index(of ...*Set) *Set { return IndexWith(nil, of...) }

// IndexWith is Index, which is edited before it is encoded.
func IndexWith(change func(*v1.IndexManifest), of ...*Set) *Set {
	s := empty()
	index := &v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: []v1.Descriptor{}}
	for _, o := range of {
		index.Manifests = append(index.Manifests, o.Root)
		maps.Copy(s.Manifests, o.Manifests)
		maps.Copy(s.Blobs, o.Blobs)
	}
	if change != nil {
		change(index)
	}
	s.setRoot(index.MediaType, encode(index))
	return s
}

// Artifact returns what is attached to subject, such as a signature: a manifest with one layer.
func Artifact(subject v1.Descriptor, artifactType string, mediaType types.MediaType, content []byte, annotations map[string]string) *Set {
	s := empty()
	config, layer := []byte("{}"), Descriptor(mediaType, content)
	s.Blobs[oci.DigestOf(config)], s.Blobs[layer.Digest] = config, content
	about := v1.Descriptor{MediaType: subject.MediaType, Size: subject.Size, Digest: subject.Digest}
	m := &v1.Manifest{SchemaVersion: 2, MediaType: types.OCIManifestSchema1, ArtifactType: artifactType,
		Config: Descriptor(types.OCIEmptyJSON, config), Layers: []v1.Descriptor{layer}, Subject: &about, Annotations: annotations}
	s.setRoot(m.MediaType, encode(m))
	s.Root.ArtifactType, s.Root.Annotations = artifactType, annotations
	return s
}

// Raw returns a set of one document of any bytes.
func Raw(t types.MediaType, b []byte) *Set {
	s := empty()
	s.setRoot(t, b)
	return s
}

func empty() *Set {
	return &Set{Manifests: map[v1.Hash]Document{}, Blobs: map[v1.Hash][]byte{}}
}

func (s *Set) setRoot(t types.MediaType, b []byte) {
	s.Root = Descriptor(t, b)
	s.Manifests[s.Root.Digest] = Document{t, b}
}

func encode(v any) []byte {
	b, err := json.Marshal(v)
	must(err)
	return b
}

// Remove takes a manifest or a blob away.
func (s *Set) Remove(digest v1.Hash) {
	delete(s.Manifests, digest)
	delete(s.Blobs, digest)
}

// Replace puts other bytes in place of a manifest or a blob, whose name they keep.
func (s *Set) Replace(digest v1.Hash, b []byte) {
	if d, ok := s.Manifests[digest]; ok {
		s.Manifests[digest] = Document{d.MediaType, b}
	} else {
		s.Blobs[digest] = b
	}
}

// Flip changes one bit in the middle of a manifest or a blob.
func (s *Set) Flip(digest v1.Hash) {
	b := slices.Clone(s.Blobs[digest])
	if d, ok := s.Manifests[digest]; ok {
		b = slices.Clone(d.Bytes)
	}
	b[len(b)/2] ^= 1
	s.Replace(digest, b)
}

// Manifest implements oci.Source.
func (s *Set) Manifest(ctx context.Context, digest v1.Hash) ([]byte, types.MediaType, error) {
	what := "manifest " + digest.String() + " of the test"
	d, ok := s.Manifests[digest]
	if !ok {
		return nil, "", &oci.Error{Kind: oci.Missing, What: what, Msg: "is not there"}
	}
	if err := oci.VerifyBytes(what, d.Bytes, digest); err != nil {
		return nil, "", err
	}
	return d.Bytes, d.MediaType, ctx.Err()
}

// Blob implements oci.Source.
func (s *Set) Blob(ctx context.Context, d v1.Descriptor) (io.ReadCloser, error) {
	what := "blob " + d.Digest.String() + " of the test"
	b, ok := s.Blobs[d.Digest]
	if !ok {
		return nil, &oci.Error{Kind: oci.Missing, What: what, Msg: "is not there"}
	}
	return oci.Verify(what, io.NopCloser(bytes.NewReader(b)), d), ctx.Err()
}

// WriteLayout writes an OCI image layout of sets, whose roots are in index.json.
func WriteLayout(dir string, sets ...*Set) {
	blobs := filepath.Join(dir, "blobs", "sha256")
	must(os.MkdirAll(blobs, 0o777))
	index := &v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: []v1.Descriptor{}}
	write := func(name string, b []byte) { must(os.WriteFile(name, b, 0o666)) }
	for _, s := range sets {
		for digest, d := range s.Manifests {
			write(filepath.Join(blobs, digest.Hex), d.Bytes)
		}
		for digest, b := range s.Blobs {
			write(filepath.Join(blobs, digest.Hex), b)
		}
		index.Manifests = append(index.Manifests, s.Root)
	}
	write(filepath.Join(dir, "index.json"), encode(index))
	write(filepath.Join(dir, "oci-layout"), []byte(`{"imageLayoutVersion":"1.0.0"}`))
}

// WriteLayout writes an OCI image layout of the set.
func (s *Set) WriteLayout(dir string) { WriteLayout(dir, s) }
