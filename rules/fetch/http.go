package fetch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// fromURL downloads from one URL. A transfer that was cut begins again; when not a byte came, asking again is no use.
func (f *Fetcher) fromURL(ctx context.Context, rawURL string, req *Request, create Create) error {
	var cut cutError
	for range maxAttempts {
		err := f.attempt(ctx, rawURL, req, create)
		if ctx.Err() != nil {
			return final{ctx.Err()}
		}
		if !errors.As(err, &cut) {
			return err
		}
		if cut.got == 0 {
			break
		}
	}
	return cut.error
}

// cutError marks an attempt that ended early, after some bytes.
type cutError struct {
	error
	got int64
}

// attempt makes one request and fills an output with its body.
func (f *Fetcher) attempt(ctx context.Context, rawURL string, req *Request, create Create) error {
	ctx, idle := withIdle(ctx, f.idleTimeout())
	defer idle.stop()

	hreq, err := http.NewRequestWithContext(ctx, http.MethodGet, rawURL, nil)
	if err != nil {
		return req.bad(err, "%q is not an http or https URL", redact(rawURL))
	}
	hreq.Header.Set("Accept-Encoding", "identity") // the checksum is of the file, not of an encoding
	hreq.Header.Set("User-Agent", "sbomctl")
	resp, err := guarded(f.Client).Do(hreq)
	if err != nil {
		if idle.fired() {
			return cutError{req.idleError(rawURL, f.idleTimeout()), 0}
		}
		return req.connectError(rawURL, err)
	}
	defer resp.Body.Close()
	idle.reset()
	switch {
	case resp.StatusCode != http.StatusOK:
		return req.statusError(rawURL, resp.StatusCode)
	case resp.ContentLength > req.MaxBytes:
		return req.tooLong(rawURL)
	}
	got, sum, err := req.receive(idleReader{resp.Body, idle}, create, func(done int64) {
		if f.Progress != nil {
			f.Progress(Progress{Name: req.Name, URL: redact(rawURL), Done: done, Total: resp.ContentLength})
		}
	})
	switch {
	case isFinal(err):
		return err
	case errors.Is(err, errTooLong):
		return req.tooLong(rawURL)
	case err != nil && idle.fired():
		return cutError{req.idleError(rawURL, f.idleTimeout()), got}
	case err != nil:
		return cutError{req.cutShort(rawURL, got, resp.ContentLength), got}
	case sum != req.SHA256:
		return req.wrongSum(redact(rawURL), sum)
	}
	return nil
}

func (f *Fetcher) idleTimeout() time.Duration {
	if f.IdleTimeout > 0 {
		return f.IdleTimeout
	}
	return DefaultIdleTimeout
}

// guarded returns the caller's client (nil: Go's default) with this package's redirect policy.
func guarded(client *http.Client) *http.Client {
	c := http.Client{}
	if client != nil {
		c = *client
	}
	c.CheckRedirect = checkRedirect
	c.Timeout = 0 // silence is bounded, the whole is not
	return &c
}

// redirectError is a redirect that is not followed; its text goes into a diagnostic.
type redirectError string

func (e redirectError) Error() string { return string(e) }

func checkRedirect(next *http.Request, via []*http.Request) error {
	last := via[len(via)-1].URL
	switch {
	case next.URL.Scheme != "https" && next.URL.Scheme != "http":
		return redirectError(fmt.Sprintf("redirects to %s, which is neither http nor https", next.URL.Redacted()))
	case last.Scheme == "https" && next.URL.Scheme == "http":
		return redirectError(fmt.Sprintf("redirects from https to %s", next.URL.Redacted()))
	case len(via) > maxRedirects:
		return redirectError(fmt.Sprintf("redirects more than %d times", maxRedirects))
	}
	return nil
}

// bad returns a diagnostic at the request's declaration.
func (r *Request) bad(cause error, format string, args ...any) *diag.Error {
	return &diag.Error{Attr: "urls", Err: cause, Msg: fmt.Sprintf(format, args...)}
}

// hostOf returns the host of a URL, for messages.
func hostOf(rawURL string) string {
	if u, err := url.Parse(rawURL); err == nil {
		return u.Host
	}
	return rawURL
}
