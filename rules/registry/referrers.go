package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/sbomctl/sbomctl/engine/oci"
)

const (
	maxPages     = 20   // of a list of referrers
	maxReferrers = 1000 // of one digest
)

// Referrers lists what is attached to a digest: by the referrers API, and where a registry has none, by the tag in its place
// (sha256-<digest>). Nobody vouches for the list: what it names is read by digest, and says itself what it is attached to.
func (r *Repository) Referrers(ctx context.Context, digest v1.Hash) ([]v1.Descriptor, error) {
	what := r.what("the list of what is attached to", digest.String())
	if err := oci.CheckDigest(what, digest); err != nil {
		return nil, err
	}
	all, supported, err := r.referrersByAPI(ctx, what, digest)
	if err != nil {
		return nil, err
	}
	if supported {
		return all, nil
	}
	d, err := r.document(ctx, what, r.url("manifests", digest.Algorithm+"-"+digest.Hex), acceptManifests)
	switch {
	case oci.IsMissing(err):
		return nil, nil
	case err != nil:
		return nil, err
	case d.isPage():
		return nil, r.page(what, d)
	}
	return referrersOf(what, d)
}

func (r *Repository) referrersByAPI(ctx context.Context, what string, digest v1.Hash) (all []v1.Descriptor, supported bool, err error) {
	at := r.url("referrers", digest.String())
	for range maxPages {
		d, err := r.document(ctx, what, at, []string{string(types.OCIImageIndex)})
		if err != nil {
			if all == nil && noSuchAPI(err) {
				return nil, false, nil
			}
			return nil, false, err
		}
		if d.mediaType != types.OCIImageIndex && all == nil {
			return nil, false, nil // it is served by something that knows no such thing
		}
		page, err := referrersOf(what, d)
		if err != nil {
			return nil, false, err
		}
		all = append(all, page...)
		if len(all) > maxReferrers {
			return nil, false, &oci.Error{Kind: oci.Malformed, What: what, Msg: fmt.Sprintf("has more than %d entries, which is more than are read", maxReferrers)}
		}
		next, ok := nextPage(at(), d.link)
		if !ok {
			return all, true, nil
		}
		if !sameOrigin(next, at()) {
			return nil, false, &oci.Error{Kind: oci.ServerError, What: what, Msg: "was not fetched: its next page is at " + next.Host + ", which is another host"}
		}
		all = append([]v1.Descriptor{}, all...) // not nil any more: the API is there
		at = func() *url.URL { return next }
	}
	return nil, false, &oci.Error{Kind: oci.Malformed, What: what, Msg: fmt.Sprintf("has more than %d pages, which is more than are read", maxPages)}
}

// noSuchAPI reports whether an answer may say that its registry has no such API.
func noSuchAPI(err error) bool {
	var status statusError
	if !errors.As(err, &status) {
		return false
	}
	switch status {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusBadRequest, http.StatusNotImplemented, http.StatusNotAcceptable:
		return true
	}
	return false
}

func referrersOf(what string, d *document) ([]v1.Descriptor, error) {
	doc, err := oci.Parse(what, d.bytes, d.mediaType)
	if err != nil {
		return nil, err
	}
	if doc.Index == nil {
		return nil, &oci.Error{Kind: oci.MediaType, What: what, Msg: fmt.Sprintf("is %q, expected an index", doc.MediaType)}
	}
	return doc.Index.Manifests, nil
}

// nextPage reads a Link header: <URL>; rel="next".
func nextPage(at *url.URL, link string) (*url.URL, bool) {
	target, params, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(link), "<"), ">")
	if !ok || !strings.Contains(strings.ReplaceAll(strings.ToLower(params), `"`, ""), "rel=next") {
		return nil, false
	}
	next, err := at.Parse(target)
	if err != nil {
		return nil, false
	}
	next.User = nil
	return next, true
}
