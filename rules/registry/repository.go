package registry

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/rules/retry"
)

// Repository is one of a registry. It is an oci.Source.
type Repository struct {
	host *host
	repo name.Repository
	name string // as it was declared
}

var _ oci.Source = (*Repository)(nil)

// Name returns the repository as it was asked for.
func (r *Repository) Name() string { return r.name }

// acceptManifests are the documents that are read. The old schema 1 is none: what a registry converts to it on the way has no digest to speak of.
var acceptManifests = []string{string(types.OCIImageIndex), string(types.OCIManifestSchema1), string(types.DockerManifestList), string(types.DockerManifestSchema2)}

func (r *Repository) what(kind, reference string) string {
	return kind + " " + reference + " of " + r.name
}

func (r *Repository) scope() string { return "repository:" + r.repo.RepositoryStr() + ":pull" }

func (r *Repository) url(kind, reference string) func() *url.URL {
	return func() *url.URL { return r.host.url("/v2/" + r.repo.RepositoryStr() + "/" + kind + "/" + reference) }
}

// Manifest implements oci.Source.
func (r *Repository) Manifest(ctx context.Context, digest v1.Hash) ([]byte, types.MediaType, error) {
	what := r.what("manifest", digest.String())
	if err := oci.CheckDigest(what, digest); err != nil {
		return nil, "", err
	}
	d, err := r.document(ctx, what, r.url("manifests", digest.String()), acceptManifests)
	if err != nil {
		return nil, "", err
	}
	if err := oci.VerifyBytes(what, d.bytes, digest); err != nil {
		if d.isOther() {
			return nil, "", r.page(what, d)
		}
		return nil, "", err
	}
	return d.bytes, d.mediaType, nil
}

// tagName is what the distribution specification allows as a tag.
var tagName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^` + oci.TagPattern + `$`) })

// Resolve returns what a tag means now, and its bytes. The digest is that of the bytes; a registry that states another one contradicts itself.
func (r *Repository) Resolve(ctx context.Context, tag string) (v1.Descriptor, []byte, error) {
	what := r.what("tag", tag)
	if !tagName().MatchString(tag) {
		return v1.Descriptor{}, nil, &oci.Error{Kind: oci.Malformed, What: what, Msg: "is no tag: expected letters, digits, \"_\", \".\" and \"-\", at most 128"}
	}
	d, err := r.document(ctx, what, r.url("manifests", tag), acceptManifests)
	if err != nil {
		return v1.Descriptor{}, nil, err
	}
	if d.isOther() {
		return v1.Descriptor{}, nil, r.page(what, d)
	}
	digest := oci.DigestOf(d.bytes)
	if stated, err := v1.NewHash(d.digest); err == nil && stated.Algorithm == digest.Algorithm && stated != digest {
		return v1.Descriptor{}, nil, &oci.Error{Kind: oci.Mismatch, What: what, Msg: fmt.Sprintf("is %s by what %s states, and %s by the bytes that it sent", stated, r.host.name(), digest)}
	}
	return v1.Descriptor{MediaType: d.mediaType, Size: int64(len(d.bytes)), Digest: digest}, d.bytes, nil
}

// document is what a registry sent in one piece. Its bytes are not verified.
type document struct {
	bytes     []byte
	mediaType types.MediaType
	digest    string // as the registry states it; "" when it does not
	link      string
	server    string
}

// isPage reports whether d is for a person to look at: it came from something else than a registry.
func (d *document) isPage() bool {
	b := bytes.TrimLeft(d.bytes, " \t\r\n\ufeff")
	return len(b) == 0 || b[0] == '<' || d.mediaType == "text/html"
}

// isOther reports whether d, which should be a manifest, came from something else than a registry: a page, or JSON of another program, such as
// {"error": "not logged in"}. What the answer states a digest of is from a registry, be it damaged.
func (d *document) isOther() bool {
	if d.isPage() {
		return true
	}
	if d.digest != "" || !json.Valid(d.bytes) {
		return false
	}
	var head struct {
		SchemaVersion json.RawMessage `json:"schemaVersion"`
	}
	return json.Unmarshal(d.bytes, &head) != nil || head.SchemaVersion == nil
}

func (r *Repository) page(what string, d *document) error { return notARegistry(what, d.server) }

func notARegistry(what, server string) error {
	return &oci.Error{Kind: oci.ServerError, What: what, Msg: fmt.Sprintf("was not fetched: %s answered with a page that is no registry's", server),
		Hints: []string{"a network may want a login first; otherwise check the repository's name"}}
}

// document fetches one, whole, however often that needs.
func (r *Repository) document(ctx context.Context, what string, u func() *url.URL, accept []string) (*document, error) {
	leave, err := take(ctx, what, r.host.documents)
	if err != nil {
		return nil, err
	}
	defer leave()
	ctx, cancel := context.WithTimeoutCause(ctx, r.host.client.patience(), errPatience)
	defer cancel()
	for n := 1; ; n++ {
		d, err := r.documentOnce(ctx, what, u, accept)
		delay, last := retry.Delay(n, 0)
		if last || !errors.Is(err, io.ErrUnexpectedEOF) || ctx.Err() != nil {
			return d, err
		}
		if r.host.client.wait(ctx, delay) != nil {
			return d, err
		}
	}
}

func (r *Repository) documentOnce(ctx context.Context, what string, u func() *url.URL, accept []string) (*document, error) {
	a, err := r.host.ask(ctx, what, r.scope(), http.MethodGet, u, accept)
	if err != nil {
		return nil, err
	}
	defer a.close()
	if a.status != http.StatusOK {
		return nil, r.host.refusal(what, a)
	}
	b, err := io.ReadAll(io.LimitReader(a.body, oci.MaxManifest+1))
	if err != nil {
		return nil, r.host.cut(ctx, what, a, err)
	}
	if encoded(a) == "gzip" && bytes.HasPrefix(b, []byte{0x1f, 0x8b}) {
		if z, err := gzip.NewReader(bytes.NewReader(b)); err == nil {
			if b, err = io.ReadAll(io.LimitReader(z, oci.MaxManifest+1)); err != nil {
				return nil, r.host.cut(ctx, what, a, err)
			}
		}
	}
	if len(b) > oci.MaxManifest {
		return nil, &oci.Error{Kind: oci.Malformed, What: what, Msg: fmt.Sprintf("has more than %d bytes, which no manifest may have", oci.MaxManifest)}
	}
	return &document{bytes: b, mediaType: a.mediaType(), digest: a.header.Get("Docker-Content-Digest"), link: a.header.Get("Link"), server: a.server}, nil
}

// mediaType is the one that the answer states, without parameters.
func (a *answer) mediaType() types.MediaType {
	t, _, err := mime.ParseMediaType(a.header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return types.MediaType(t)
}

// encoded is the encoding of an answer's body, though none was asked for; "" when there is none.
func encoded(a *answer) string {
	e := strings.ToLower(strings.TrimSpace(a.header.Get("Content-Encoding")))
	if e == "identity" {
		return ""
	}
	return e
}

// Blob implements oci.Source. A blob is not bounded in time, only its server's silence is. It holds one of the few places that a host has for
// blobs until it is closed, so whoever reads one does not open another meanwhile.
func (r *Repository) Blob(ctx context.Context, d v1.Descriptor) (io.ReadCloser, error) {
	what := r.what("blob", d.Digest.String())
	if err := oci.CheckDigest(what, d.Digest); err != nil {
		return nil, err
	}
	leave, err := take(ctx, what, r.host.streams)
	if err != nil {
		return nil, err
	}
	a, err := r.host.ask(ctx, what, r.scope(), http.MethodGet, r.url("blobs", d.Digest.String()), []string{"*/*"})
	if err != nil {
		leave()
		return nil, err
	}
	body := &stream{ctx: ctx, host: r.host, what: what, a: a, r: a.body, leave: leave}
	if err := r.refuseBlob(what, a, d); err != nil {
		body.Close()
		return nil, err
	}
	// A layer that is compressed itself is often called encoded by a storage that means just that.
	if encoded(a) == "gzip" && !strings.HasSuffix(string(d.MediaType), "gzip") {
		z, err := gzip.NewReader(body)
		if err != nil {
			body.Close()
			return nil, r.host.cut(ctx, what, a, err)
		}
		return oci.Verify(what, unzipped{z, body}, d), nil
	}
	return oci.Verify(what, body, d), nil
}

func (r *Repository) refuseBlob(what string, a *answer, d v1.Descriptor) error {
	switch {
	case a.status != http.StatusOK:
		return r.host.refusal(what, a)
	case a.mediaType() == "text/html":
		return notARegistry(what, a.server)
	case a.length >= 0 && a.length != d.Size && encoded(a) == "":
		return &oci.Error{Kind: oci.Mismatch, What: what, Msg: fmt.Sprintf("has %d bytes at %s, %d are declared", a.length, a.server, d.Size)}
	}
	return nil
}

// stream is the body of a blob.
type stream struct {
	ctx   context.Context
	host  *host
	what  string
	a     *answer
	r     io.Reader
	leave func()
}

func (s *stream) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && err != io.EOF {
		err = s.host.cut(s.ctx, s.what, s.a, err)
	}
	return n, err
}

func (s *stream) Close() error {
	s.a.close()
	s.leave()
	return nil
}

// unzipped is a body without its encoding.
type unzipped struct {
	*gzip.Reader
	body *stream
}

func (u unzipped) Read(p []byte) (int, error) {
	n, err := u.Reader.Read(p)
	var e *oci.Error
	if err != nil && err != io.EOF && !errors.As(err, &e) {
		err = u.body.host.cut(u.body.ctx, u.body.what, u.body.a, err)
	}
	return n, err
}

func (u unzipped) Close() error { return u.body.Close() }

// Exists asks whether a blob is there, without its bytes: a HEAD, of which only a success is believed, since a refusal has no words. It says
// nothing of the bytes.
func (r *Repository) Exists(ctx context.Context, d v1.Descriptor) error {
	what := r.what("blob", d.Digest.String())
	if err := oci.CheckDigest(what, d.Digest); err != nil {
		return err
	}
	leave, err := take(ctx, what, r.host.documents)
	if err != nil {
		return err
	}
	defer leave()
	ctx, cancel := context.WithTimeoutCause(ctx, r.host.client.patience(), errPatience)
	defer cancel()
	var status statusError
	if err = r.exists(ctx, what, http.MethodHead, d); errors.As(err, &status) && status != http.StatusTooManyRequests {
		err = r.exists(ctx, what, http.MethodGet, d)
	}
	return err
}

func (r *Repository) exists(ctx context.Context, what, method string, d v1.Descriptor) error {
	a, err := r.host.ask(ctx, what, r.scope(), method, r.url("blobs", d.Digest.String()), []string{"*/*"})
	if err != nil {
		return err
	}
	defer a.close()
	return r.refuseBlob(what, a, d)
}
