package fetch

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// ErrNotFound is the cause of the error of a document that the server does not have.
var ErrNotFound = errors.New("not found")

// Get returns a small document, such as an answer of a package index: one request, with the
// same bounds on redirects and silence as a file's, and at most max bytes. There is no checksum, so
// what comes is to be treated as hostile. client nil means Go's default. Its error is a *diag.Error
// or ctx's; errors.Is(err, ErrNotFound) tells that there is no such document (404, 410).
func Get(ctx context.Context, client *http.Client, rawURL string, max int64) ([]byte, error) {
	r := &Request{MaxBytes: max}
	parent := ctx
	ctx, idle := withIdle(ctx, DefaultIdleTimeout)
	defer idle.stop()
	fail := func(err error) ([]byte, error) {
		if parent.Err() != nil {
			return nil, parent.Err()
		}
		var d *diag.Error
		if errors.As(err, &d) {
			return nil, d
		}
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, rawURL, nil)
	if err != nil || req.URL.Host == "" || (req.URL.Scheme != "https" && req.URL.Scheme != "http") {
		return fail(r.bad(err, "%q is not an http or https URL", redact(rawURL)))
	}
	req.Header.Set("User-Agent", "sbomctl")
	resp, err := guarded(client).Do(req)
	if err != nil {
		if idle.fired() {
			return fail(r.bad(err, "%s sent nothing for %s while fetching %s", hostOf(rawURL), DefaultIdleTimeout, redact(rawURL)))
		}
		return fail(r.connectError(rawURL, err))
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusGone {
		return fail(r.bad(ErrNotFound, "%s does not exist (status %d)", redact(rawURL), resp.StatusCode))
	}
	if resp.StatusCode != http.StatusOK {
		return fail(r.statusError(rawURL, resp.StatusCode))
	}
	body, err := io.ReadAll(io.LimitReader(idleReader{resp.Body, idle}, max+1))
	if int64(len(body)) > max {
		return fail(r.bad(nil, "%s has more than %d bytes", redact(rawURL), max))
	}
	if err != nil {
		return fail(r.bad(err, "%s was cut off after %d bytes", redact(rawURL), len(body)))
	}
	return body, nil
}

// idleReader tells its timer of every read.
type idleReader struct {
	r    io.Reader
	idle *idleTimer
}

func (i idleReader) Read(p []byte) (int, error) {
	n, err := i.r.Read(p)
	i.idle.reset()
	return n, err
}
