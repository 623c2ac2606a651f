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

// fromURL downloads from one URL, again when it fails in passing.
func (f *Fetcher) fromURL(ctx context.Context, rawURL string, req *Request, create Create) error {
	return f.again(ctx, func() error { return f.attempt(ctx, rawURL, req, create) })
}

// attempt makes one request and fills an output with its body.
func (f *Fetcher) attempt(ctx context.Context, rawURL string, req *Request, create Create) error {
	a, err := f.ask(ctx, rawURL, req, verbatim)
	if err != nil {
		return err
	}
	defer a.close()
	if a.encoding != "" && req.learned != nil {
		return req.encodedError(rawURL, a.encoding)
	}
	if a.length > req.MaxBytes {
		return req.tooLong(rawURL)
	}
	got, sum, err := req.receive(a, create, func(done int64) {
		if f.Progress != nil {
			f.Progress(Progress{Name: req.Name, URL: redact(rawURL), Done: done, Total: a.length})
		}
	})
	switch {
	case isFinal(err):
		return err
	case errors.Is(err, errTooLong):
		return req.tooLong(rawURL)
	case err != nil:
		return a.cut(got)
	case sum != req.SHA256 && a.encoding != "": // what a server calls encoded may be the file itself: Apache says so of every .tgz
		return req.encodedError(rawURL, a.encoding)
	case (sum != req.SHA256 || req.learned != nil) && (got == 0 || isPage(rawURL, a.header)):
		return req.noFile(rawURL, got)
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
