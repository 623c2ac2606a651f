// Package images writes images as OCI layouts, by hand: the same files are the same bytes, with any version of Go and of its libraries.
//
//	l, err := images.New(dir)
//	digest, err := l.Index("269", images.Image{Platform: amd64, Layers: []images.Layer{layer}}, ...)
//	err = l.Close()
package images

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash"
	"io"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Layout is a folder that images are written to.
type Layout struct {
	dir  string
	tags []v1.Descriptor
}

// Image is one platform's image.
type Image struct {
	Platform v1.Platform
	Config   v1.Config
	Layers   []Layer
}

// Layer is a blob of the layout.
type Layer struct {
	Descriptor v1.Descriptor
	DiffID     v1.Hash // of the tar archive
}

// New begins a layout in a folder, which it makes.
func New(dir string) (*Layout, error) {
	l := &Layout{dir: dir}
	if err := os.MkdirAll(filepath.Join(dir, "blobs", "sha256"), 0o777); err != nil {
		return nil, err
	}
	return l, os.WriteFile(filepath.Join(dir, "oci-layout"), []byte(`{"imageLayoutVersion":"1.0.0"}`), 0o666)
}

// Close writes index.json, which names what was written by its tag.
func (l *Layout) Close() error {
	text, err := json.Marshal(v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: l.tags})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(l.dir, "index.json"), text, 0o666)
}

// Index writes an index of images, under a tag.
func (l *Layout) Index(tag string, of ...Image) (v1.Hash, error) {
	index := v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex}
	for _, image := range of {
		d, err := l.manifest(image)
		if err != nil {
			return v1.Hash{}, err
		}
		d.Platform = &image.Platform
		index.Manifests = append(index.Manifests, d)
	}
	d, err := l.put(types.OCIImageIndex, index)
	if err != nil {
		return v1.Hash{}, err
	}
	named := d
	named.Annotations = map[string]string{"org.opencontainers.image.ref.name": tag}
	l.tags = append(l.tags, named)
	return d.Digest, nil
}

func (l *Layout) manifest(image Image) (v1.Descriptor, error) {
	config := struct { // v1.ConfigFile always has a date
		Architecture string    `json:"architecture"`
		OS           string    `json:"os"`
		Variant      string    `json:"variant,omitempty"`
		Config       v1.Config `json:"config"`
		RootFS       v1.RootFS `json:"rootfs"`
	}{image.Platform.Architecture, image.Platform.OS, image.Platform.Variant, image.Config, v1.RootFS{Type: "layers"}}
	manifest := v1.Manifest{SchemaVersion: 2, MediaType: types.OCIManifestSchema1}
	for _, layer := range image.Layers {
		config.RootFS.DiffIDs = append(config.RootFS.DiffIDs, layer.DiffID)
		manifest.Layers = append(manifest.Layers, layer.Descriptor)
	}
	var err error
	if manifest.Config, err = l.put(types.OCIConfigJSON, config); err != nil {
		return v1.Descriptor{}, err
	}
	return l.put(types.OCIManifestSchema1, manifest)
}

func (l *Layout) put(mediaType types.MediaType, v any) (v1.Descriptor, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return v1.Descriptor{}, err
	}
	digest, _, err := v1.SHA256(bytes.NewReader(text))
	if err != nil {
		return v1.Descriptor{}, err
	}
	return v1.Descriptor{MediaType: mediaType, Size: int64(len(text)), Digest: digest},
		os.WriteFile(l.blob(digest), text, 0o666)
}

func (l *Layout) blob(digest v1.Hash) string {
	return filepath.Join(l.dir, "blobs", digest.Algorithm, digest.Hex)
}

// Layer writes what fill archives as a layer of that media type: uncompressed, gzip or zstd.
func (l *Layout) Layer(mediaType types.MediaType, fill func(*tar.Writer) error) (Layer, error) {
	f, err := os.CreateTemp(l.dir, "layer-")
	if err != nil {
		return Layer{}, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	blob, diff := sha256.New(), sha256.New()
	out := &counter{w: io.MultiWriter(f, blob)}
	var packed io.WriteCloser = nopCloser{out}
	switch mediaType {
	case types.OCILayer:
		packed, err = gzip.NewWriterLevel(out, gzip.BestSpeed)
	case types.OCILayerZStd:
		packed, err = zstd.NewWriter(out, zstd.WithEncoderLevel(zstd.SpeedFastest))
	}
	if err != nil {
		return Layer{}, err
	}
	w := tar.NewWriter(io.MultiWriter(packed, diff))
	for _, step := range []func() error{func() error { return fill(w) }, w.Close, packed.Close, f.Close} {
		if err := step(); err != nil {
			return Layer{}, err
		}
	}
	d := v1.Descriptor{MediaType: mediaType, Size: out.n, Digest: sum(blob)}
	return Layer{d, sum(diff)}, os.Rename(f.Name(), l.blob(d.Digest))
}

func sum(h hash.Hash) v1.Hash {
	return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(h.Sum(nil))}
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

// counter counts what is written through it.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// Files returns a function for Layer that archives files, in that order: pairs of a path and a content. A path that ends in "/" is a folder;
// what lies in a folder "bin" is executable.
func Files(pairs ...string) func(*tar.Writer) error {
	return func(w *tar.Writer) error {
		for i := 0; i < len(pairs); i += 2 {
			h := &tar.Header{Name: pairs[i], Mode: 0o644, Size: int64(len(pairs[i+1])), Format: tar.FormatUSTAR, Typeflag: tar.TypeReg}
			switch {
			case h.Name[len(h.Name)-1] == '/':
				h.Typeflag, h.Mode = tar.TypeDir, 0o755
			case filepath.Base(filepath.Dir(h.Name)) == "bin":
				h.Mode = 0o755
			}
			if err := w.WriteHeader(h); err != nil {
				return err
			}
			if _, err := io.WriteString(w, pairs[i+1]); err != nil {
				return err
			}
		}
		return nil
	}
}
