package ocitest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/zstd"

	"github.com/sbomctl/sbomctl/engine/oci"
)

// Entry is one of a layer's tar archive. Where Type is not set it is a folder when Name ends in "/", a symbolic link when Link is set, and
// else a file; where Mode is not set it is 0755 of a folder and 0644 of a file.
type Entry struct {
	Name     string
	Body     string
	Link     string // what a symbolic or, with Type tar.TypeLink, a hard link leads to
	Type     byte
	Mode     int64
	UID, GID int
	Major    int64
	Minor    int64
	Time     int64 // seconds since 1970
	PAX      map[string]string
}

// Compression of a layer.
type Compression string

// The compressions that layers have.
const (
	None Compression = "none"
	Gzip Compression = "gzip"
	Zstd Compression = "zstd"
)

// LayerBlob is a layer.
type LayerBlob struct {
	v1.Descriptor
	Bytes  []byte
	DiffID v1.Hash // of the archive, uncompressed
}

// Tar returns a tar archive.
func Tar(entries ...Entry) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		h := &tar.Header{Name: e.Name, Typeflag: e.Type, Linkname: e.Link, Mode: e.Mode, Uid: e.UID, Gid: e.GID, Devmajor: e.Major, Devminor: e.Minor,
			PAXRecords: e.PAX, ModTime: time.Unix(e.Time, 0)}
		if h.Typeflag == 0 {
			switch {
			case strings.HasSuffix(e.Name, "/"):
				h.Typeflag = tar.TypeDir
			case e.Link != "":
				h.Typeflag = tar.TypeSymlink
			default:
				h.Typeflag = tar.TypeReg
			}
		}
		if h.Mode == 0 {
			h.Mode = 0o644
			if h.Typeflag == tar.TypeDir {
				h.Mode = 0o755
			}
		}
		if h.Typeflag == tar.TypeReg {
			h.Size = int64(len(e.Body))
		}
		must(w.WriteHeader(h))
		if h.Typeflag == tar.TypeReg {
			_, err := w.Write([]byte(e.Body))
			must(err)
		}
	}
	must(w.Close())
	return b.Bytes()
}

// Layer returns a layer of entries.
func Layer(c Compression, entries ...Entry) LayerBlob { return LayerOf(c, Tar(entries...)) }

// LayerOf returns a layer of any bytes, which need not be a tar archive.
func LayerOf(c Compression, archive []byte) LayerBlob {
	var b bytes.Buffer
	media := types.OCIUncompressedLayer
	switch c {
	case None:
		b.Write(archive)
	case Gzip:
		media = types.OCILayer
		w := gzip.NewWriter(&b)
		_, err := w.Write(archive)
		must(err)
		must(w.Close())
	case Zstd:
		media = types.OCILayerZStd
		w, err := zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1))
		must(err)
		_, err = w.Write(archive)
		must(err)
		must(w.Close())
	default:
		panic("ocitest: unknown compression " + c)
	}
	return LayerBlob{Descriptor: Descriptor(media, b.Bytes()), Bytes: b.Bytes(), DiffID: oci.DigestOf(archive)}
}

// Descriptor returns what names b.
func Descriptor(t types.MediaType, b []byte) v1.Descriptor {
	return v1.Descriptor{MediaType: t, Size: int64(len(b)), Digest: oci.DigestOf(b)}
}

// must panics: what fails here is a mistake in a test.
func must(err error) {
	if err != nil {
		panic("ocitest: " + err.Error())
	}
}
