package rootfs

import (
	"bytes"
	"context"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/sbomctl/sbomctl/engine/oci"
)

// image is what has to be unpacked.
type image struct {
	manifest v1.Hash
	layers   []v1.Descriptor // from the lowest up
	diffIDs  []v1.Hash       // of the unpacked layers
	config   v1.Config
	platform v1.Platform
}

// readImage reads the manifest and the config of an image.
func readImage(ctx context.Context, src oci.Source, digest v1.Hash) (*image, error) {
	what := "manifest " + digest.String()
	raw, called, err := src.Manifest(ctx, digest)
	if err != nil {
		return nil, err
	}
	doc, err := oci.Parse(what, raw, called)
	if err != nil {
		return nil, err
	}
	m := doc.Manifest
	if m == nil {
		return nil, &oci.Error{Kind: oci.MediaType, What: what, Msg: "is an index of images, of which only one can be unpacked: expected the manifest of one"}
	}
	if !m.Config.MediaType.IsConfig() {
		return nil, &oci.Error{Kind: oci.MediaType, What: what, Msg: fmt.Sprintf("is nothing that can be run: its config is %.100q, expected %s", m.Config.MediaType, types.OCIConfigJSON)}
	}
	c, err := oci.ReadConfig(ctx, src, m)
	if err != nil {
		return nil, err
	}
	if len(c.RootFS.DiffIDs) != len(m.Layers) {
		return nil, &oci.Error{Kind: oci.Malformed, What: what,
			Msg: fmt.Sprintf("has %d layers, and its config %s has the diff_ids of %d", len(m.Layers), m.Config.Digest, len(c.RootFS.DiffIDs))}
	}
	platform := v1.Platform{OS: c.OS, Architecture: c.Architecture, Variant: c.Variant, OSVersion: c.OSVersion}
	return &image{manifest: digest, layers: m.Layers, diffIDs: c.RootFS.DiffIDs, config: c.Config, platform: platform}, nil
}

// compression is how a layer's bytes are packed.
type compression string

const (
	plain     compression = "uncompressed"
	gzipped   compression = "gzip"
	zstandard compression = "zstd"
)

// compressions are the media types of layers.
var compressions = map[types.MediaType]compression{
	types.OCILayer:                       gzipped,
	types.OCIRestrictedLayer:             gzipped,
	types.DockerLayer:                    gzipped,
	types.DockerForeignLayer:             gzipped,
	types.OCILayerZStd:                   zstandard,
	types.OCIUncompressedLayer:           plain,
	types.OCIUncompressedRestrictedLayer: plain,
	types.DockerUncompressedLayer:        plain,
	"application/vnd.oci.image.layer.nondistributable.v1.tar+zstd": zstandard,
	"application/vnd.docker.image.rootfs.diff.tar.zstd":            zstandard,
}

// magic says how bytes that begin so are packed.
func magic(head []byte) compression {
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		return gzipped
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}),
		len(head) >= 4 && head[0]&0xf0 == 0x50 && bytes.HasPrefix(head[1:], []byte{0x2a, 0x4d, 0x18}): // a skippable frame
		return zstandard
	}
	return plain
}
