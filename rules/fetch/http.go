package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// fromURL downloads from one URL, resuming what is cut, and hands the file to dst once it is right.
//
//	request ──► body whole ──► checksum right ──► dst
//	   ▲            │ cut            │ wrong
//	   └── resume ──┘                ├─ began with bytes of an earlier request: start over, once
//	       (bounded)                 └─ else: error
func (f *Fetcher) fromURL(ctx context.Context, rawURL string, req *Request, dst io.Writer) error {
	p, err := f.openPartial(req)
	if err != nil {
		return err
	}
	keep := true
	defer func() { p.close(keep) }()

	var cut error
	for range maxAttempts {
		resumed := p.size > 0
		err := f.attempt(ctx, rawURL, req, p)
		var c cutError
		switch {
		case ctx.Err() != nil:
			return final{ctx.Err()}
		case errors.As(err, &c):
			cut = c.error
			if p.size == 0 {
				return cut // not a byte came: asking again is no use
			}
			continue
		case errors.Is(err, errRestart):
			if err := p.reset(); err != nil {
				return req.cannotUse(p.file.Name(), err)
			}
			continue
		case err != nil:
			return err
		}
		sum, err := hashFile(ctx, p.file)
		switch {
		case ctx.Err() != nil:
			return final{ctx.Err()}
		case err != nil:
			return req.cannotUse(p.file.Name(), err)
		case sum == req.SHA256:
			err := copyChecked(ctx, p.file, req, dst)
			keep = err != nil // a destination that failed may be tried again without the network
			return err
		case resumed:
			if err := p.reset(); err != nil {
				return req.cannotUse(p.file.Name(), err)
			}
			continue
		}
		keep = false
		return req.wrongSum(rawURL, sum)
	}
	if cut == nil {
		keep = false
		cut = req.bad(nil, "%s answers resumed requests with bytes that do not fit together", redact(rawURL))
	}
	return cut
}

// errRestart says that the partial bytes cannot be gone on from at this URL.
var errRestart = errors.New("start over")

// cutError marks an attempt that ended early and may be resumed.
type cutError struct{ error }

// attempt makes one request and appends its body to p. nil means that the body is whole.
func (f *Fetcher) attempt(ctx context.Context, rawURL string, req *Request, p *partial) error {
	ctx, idle := withIdle(ctx, f.idleTimeout())
	defer idle.stop()

	hreq, err := http.NewRequestWithContext(ctx, http.MethodGet, rawURL, nil)
	if err != nil {
		return req.bad(err, "%q is not an http or https URL", redact(rawURL))
	}
	hreq.Header.Set("Accept-Encoding", "identity") // the checksum is of the file, not of an encoding
	hreq.Header.Set("User-Agent", "sbomctl")
	if p.size > 0 {
		hreq.Header.Set("Range", fmt.Sprintf("bytes=%d-", p.size))
		if p.origin.URL == rawURL && p.origin.ETag != "" {
			hreq.Header.Set("If-Range", p.origin.ETag)
		}
	}
	resp, err := guarded(f.Client).Do(hreq)
	if err != nil {
		if idle.fired() {
			return cutError{req.idleError(rawURL, f.idleTimeout())}
		}
		return req.connectError(rawURL, err)
	}
	defer resp.Body.Close()
	idle.reset()

	rest := resp.ContentLength
	switch resp.StatusCode {
	case http.StatusOK: // a first request, or a server that knows no ranges, or another representation
		if rest > req.MaxBytes {
			return req.tooLong(rawURL)
		}
		if p.size > 0 {
			if err := p.reset(); err != nil {
				return req.cannotUse(p.file.Name(), err)
			}
		}
		p.setOrigin(origin{URL: rawURL, ETag: strongETag(resp.Header)})
	case http.StatusPartialContent:
		start, total, ok := parseContentRange(resp.Header.Get("Content-Range"))
		if p.size == 0 || !ok || start != p.size {
			return errRestart
		}
		if total > req.MaxBytes {
			return req.tooLong(rawURL)
		}
		if total >= 0 {
			rest = total - start
		}
	case http.StatusRequestedRangeNotSatisfiable:
		if p.size == 0 {
			return req.statusError(rawURL, resp.StatusCode)
		}
		// The partial file may be the whole one: the checksum tells.
		if sum, err := hashFile(ctx, p.file); err == nil && sum == req.SHA256 {
			return nil
		}
		return errRestart
	default:
		return req.statusError(rawURL, resp.StatusCode)
	}
	total := int64(-1)
	if rest >= 0 {
		total = p.size + rest
	}
	return f.readBody(rawURL, req, p, resp.Body, total, idle)
}

// readBody appends a body to p. total is the length of the whole file, -1 when unknown.
func (f *Fetcher) readBody(rawURL string, req *Request, p *partial, body io.Reader, total int64, idle *idleTimer) error {
	buf := make([]byte, 128<<10)
	for {
		n, err := body.Read(buf)
		idle.reset()
		if p.size+int64(n) > req.MaxBytes {
			_ = p.reset()
			return req.tooLong(rawURL)
		}
		if n > 0 {
			if err := p.append(buf[:n]); err != nil {
				return req.cannotUse(p.file.Name(), err)
			}
			if f.Progress != nil {
				f.Progress(Progress{Name: req.Name, URL: redact(rawURL), Done: p.size, Total: total})
			}
		}
		switch {
		case err == nil:
		case errors.Is(err, io.EOF) && (total < 0 || p.size >= total):
			return nil
		case idle.fired():
			return cutError{req.idleError(rawURL, f.idleTimeout())}
		default:
			return cutError{req.cutShort(rawURL, p.size, total)}
		}
	}
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

// parseContentRange reads "bytes START-END/TOTAL"; total is -1 for "*".
func parseContentRange(s string) (start, total int64, ok bool) {
	s, ok = strings.CutPrefix(s, "bytes ")
	if !ok {
		return 0, 0, false
	}
	span, size, ok := strings.Cut(s, "/")
	if !ok {
		return 0, 0, false
	}
	first, last, ok := strings.Cut(span, "-")
	if !ok {
		return 0, 0, false
	}
	start, err1 := strconv.ParseInt(first, 10, 64)
	end, err2 := strconv.ParseInt(last, 10, 64)
	if err1 != nil || err2 != nil || start < 0 || end < start {
		return 0, 0, false
	}
	if size == "*" {
		return start, -1, true
	}
	total, err := strconv.ParseInt(size, 10, 64)
	if err != nil || total <= end {
		return 0, 0, false
	}
	return start, total, true
}

func strongETag(h http.Header) string {
	if e := h.Get("ETag"); isStrongETag(e) {
		return e
	}
	return ""
}

// isStrongETag reports whether e may stand in If-Range, which takes no weak tag (RFC 9110, 13.1.5).
func isStrongETag(e string) bool {
	return len(e) >= 2 && len(e) <= 1024 && e[0] == '"' && e[len(e)-1] == '"' && !strings.ContainsAny(e, "\r\n")
}

// bad returns a diagnostic at the request's declaration.
func (r *Request) bad(cause error, format string, args ...any) *diag.Error {
	return &diag.Error{Label: r.Label, Attr: "urls", Err: cause, Msg: fmt.Sprintf(format, args...)}
}

// hostOf returns the host of a URL, for messages.
func hostOf(rawURL string) string {
	if u, err := url.Parse(rawURL); err == nil {
		return u.Host
	}
	return rawURL
}
