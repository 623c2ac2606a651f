package oci

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/sbomctl/sbomctl/cache/osfile"
)

// The parts of a layout.
const (
	layoutFile = "oci-layout"
	indexFile  = "index.json"
	blobsDir   = "blobs/sha256"
)

// Layout is a Source in a folder of the user's, an OCI image layout. Nothing is written there, and nothing that lies there is believed.
type Layout struct {
	dir    string
	name   string // for errors
	folder *osfile.Folder
	index  *v1.IndexManifest
}

// OpenLayout opens the layout in dir. Its error is an *Error.
func OpenLayout(dir string) (*Layout, error) {
	what := "folder " + filepath.ToSlash(dir)
	folder, err := osfile.OpenExisting(dir, nil)
	if err != nil {
		return nil, &Error{Kind: Missing, What: what, Msg: "cannot be opened: " + osfile.Reason(err).Error()}
	}
	l := &Layout{dir: dir, name: filepath.ToSlash(dir), folder: folder}
	if err := l.read(what); err != nil {
		folder.Close()
		return nil, err
	}
	return l, nil
}

func (l *Layout) read(what string) error {
	bad := func(format string, args ...any) error {
		return &Error{Kind: Malformed, What: what, Msg: fmt.Sprintf(format, args...)}
	}
	b, err := readSmall(l.folder, layoutFile)
	if err != nil {
		return bad("is no OCI layout: %s: %s", layoutFile, err)
	}
	var head struct {
		Version string `json:"imageLayoutVersion"`
	}
	if err := json.Unmarshal(b, &head); err != nil || head.Version != "1.0.0" {
		return bad(`is no OCI layout that can be read: %s states the version %q, expected "1.0.0"`, layoutFile, head.Version)
	}
	b, err = readSmall(l.folder, indexFile)
	if err != nil {
		return bad("is no OCI layout: %s: %s", indexFile, err)
	}
	doc, err := Parse(indexFile, b, types.OCIImageIndex)
	if err != nil {
		return bad("is an OCI layout whose %s", err)
	}
	if doc.Index == nil {
		return bad("is an OCI layout whose %s is no index but %s", indexFile, doc.MediaType)
	}
	l.index = doc.Index
	return nil
}

// Named returns the layout as one that errors call by a name instead of its folder: who reads a report may be on another machine, to which it says
// nothing where the folder lies on this one. Both are closed together.
func (l *Layout) Named(name string) *Layout {
	named := *l
	named.name = name
	return &named
}

// Dir returns the folder.
func (l *Layout) Dir() string { return l.dir }

// Roots returns what index.json names. The annotation org.opencontainers.image.ref.name says what whoever wrote the layout called it.
func (l *Layout) Roots() []v1.Descriptor { return l.index.Manifests }

// Close gives the folder free. What is being read of it stays open.
func (l *Layout) Close() error { return l.folder.Close() }

// Manifest implements Source. Nobody calls the bytes of a file anything, unless index.json names it.
func (l *Layout) Manifest(ctx context.Context, digest v1.Hash) ([]byte, types.MediaType, error) {
	what := l.what("manifest", digest)
	if err := ctx.Err(); err != nil {
		return nil, "", err
	}
	f, fi, err := l.open(what, digest)
	if err != nil {
		return nil, "", err
	}
	d := v1.Descriptor{Digest: digest, Size: fi.Size()}
	b, err := readAll(what, Verify(what, f, d), d, MaxManifest)
	if err != nil {
		return nil, "", reading(what, err)
	}
	var called types.MediaType
	for _, r := range l.index.Manifests {
		if r.Digest == digest {
			called = r.MediaType
			break
		}
	}
	return b, called, nil
}

// Blob implements Source.
func (l *Layout) Blob(ctx context.Context, d v1.Descriptor) (io.ReadCloser, error) {
	what := l.what("blob", d.Digest)
	f, _, err := l.open(what, d.Digest)
	if err != nil {
		return nil, err
	}
	return Verify(what, fileReader{ctx, what, f}, d), nil
}

func (l *Layout) what(kind string, digest v1.Hash) string {
	return kind + " " + digest.String() + " of OCI layout " + l.name
}

func (l *Layout) open(what string, digest v1.Hash) (*os.File, fs.FileInfo, error) {
	if err := CheckDigest(what, digest); err != nil {
		return nil, nil, err
	}
	f, fi, err := l.folder.Open(blobsDir+"/"+digest.Hex, os.O_RDONLY)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, &Error{Kind: Missing, What: what, Msg: "is not there"}
	case err != nil:
		return nil, nil, reading(what, err)
	}
	return f, fi, nil
}

// fileReader reads a file of a layout until its context is over. Its errors are those of a Source.
type fileReader struct {
	ctx  context.Context
	what string
	f    *os.File
}

func (r fileReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := r.f.Read(p)
	if err != nil && err != io.EOF {
		err = reading(r.what, err)
	}
	return n, err
}

func (r fileReader) Close() error { return r.f.Close() }

// reading words an error of the system. An *Error stays.
func reading(what string, err error) error {
	if e := (*Error)(nil); errors.As(err, &e) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &Error{Kind: Malformed, What: what, Msg: "cannot be read: " + osfile.Reason(err).Error()}
}

// readSmall reads a file of bounded size.
func readSmall(folder *osfile.Folder, name string) ([]byte, error) {
	f, fi, err := folder.Open(name, os.O_RDONLY)
	if err != nil {
		return nil, osfile.Reason(err)
	}
	defer f.Close()
	if fi.Size() > MaxManifest {
		return nil, fmt.Errorf("it has %d bytes, at most %d are read", fi.Size(), MaxManifest)
	}
	b, err := io.ReadAll(io.LimitReader(f, MaxManifest))
	if err != nil {
		return nil, osfile.Reason(err)
	}
	return b, nil
}
