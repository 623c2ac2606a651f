package fetch

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/rules/retry"
)

// answer is what a server sent with status 200. Reading it fails when the server is silent for too long. close gives free what it holds.
type answer struct {
	header   http.Header
	length   int64  // of the body, -1 when nobody says
	encoding string // Content-Encoding of the body as it is read; "" for none
	close    func()

	body io.Reader
	idle *idleTimer
	cut  func(got int64) error // the error of a body that ended after so many bytes
}

func (a *answer) Read(p []byte) (int, error) {
	n, err := a.body.Read(p)
	a.idle.reset()
	return n, err
}

// form says whether a body may come in another form than the file has.
type form bool

const (
	verbatim form = true  // the bytes of the file: they have a checksum
	encoded  form = false // a document, which is decoded on arrival
)

// ask makes one request. What may be another answer in a while is a passingError, an answer that stayed out a cutError.
func (f *Fetcher) ask(parent context.Context, rawURL string, r *Request, form form) (*answer, error) {
	ctx, idle := withIdle(parent, f.idleTimeout())
	fail := func(err error) (*answer, error) {
		idle.stop()
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, rawURL, nil)
	if err != nil || req.URL.Host == "" || (req.URL.Scheme != "https" && req.URL.Scheme != "http") {
		return fail(r.bad(err, "%q is not an http or https URL", redact(rawURL)))
	}
	req.Header.Set("User-Agent", "sbomctl")
	if form == verbatim {
		req.Header.Set("Accept-Encoding", "identity")
	}
	resp, err := guarded(f.Client).Do(req)
	switch {
	case err != nil && idle.fired():
		return fail(cutError{r.idleError(rawURL, f.idleTimeout()), 0})
	case err != nil && retry.Reset(err):
		return fail(passingError{err: r.connectError(rawURL, err), what: hostOf(rawURL) + " ended the connection without an answer"})
	case err != nil:
		return fail(r.connectError(rawURL, err))
	}
	idle.reset()
	a := &answer{header: resp.Header, length: resp.ContentLength, encoding: encodingOf(resp.Header), body: resp.Body, idle: idle}
	a.close = func() {
		resp.Body.Close()
		idle.stop()
	}
	a.cut = func(got int64) error {
		if idle.fired() {
			return cutError{r.idleError(rawURL, f.idleTimeout()), got}
		}
		return cutError{r.cutShort(rawURL, got, resp.ContentLength), got}
	}
	if resp.StatusCode == http.StatusOK {
		return a, nil
	}
	a.close()
	after := retry.After(resp.Header.Get("Retry-After"), f.now())
	failed := r.statusError(rawURL, resp.StatusCode, after)
	if !retry.Passing(resp.StatusCode) {
		return nil, failed
	}
	// The server that was asked last may be another one.
	return nil, passingError{err: failed, after: after, what: resp.Request.URL.Host + " answered with status " + statusText(resp.StatusCode)}
}

// encodingOf returns what was done to a body on the way, "" for nothing.
func encodingOf(h http.Header) string {
	var out []string
	for _, e := range strings.Split(strings.Join(h.Values("Content-Encoding"), ","), ",") {
		if e = strings.ToLower(strings.TrimSpace(e)); e != "" && e != "identity" {
			out = append(out, e)
		}
	}
	return strings.Join(out, ", ")
}

// cutError marks an attempt that ended early, after some bytes.
type cutError struct {
	error
	got int64
}

// passingError marks an attempt that may end otherwise in a while.
type passingError struct {
	err   error
	what  string        // what happened, for who waits
	after time.Duration // as the server said; 0: nothing
}

func (p passingError) Error() string { return p.err.Error() }

// again calls attempt until it has an end that stays: it is made again at once when it was cut after some bytes, since a long download over a bad
// line has to get on, and after a while when the server was busy. When not a byte came, asking again is no use. The error is the last one.
func (f *Fetcher) again(ctx context.Context, attempt func() error) error {
	cuts, busy := 0, 0
	for {
		err := attempt()
		if ctx.Err() != nil {
			return final{ctx.Err()}
		}
		var cut cutError
		var passing passingError
		switch {
		case errors.As(err, &cut):
			if cuts++; cut.got == 0 || cuts == maxAttempts {
				return cut.error
			}
			var d *diag.Error
			if errors.As(cut.error, &d) {
				f.note(d.Msg + "; asking again")
			}
		case errors.As(err, &passing):
			busy++
			delay, last := retry.Delay(busy, passing.after)
			if last {
				return passing.err
			}
			f.note(passing.what + "; asking again in " + delay.String())
			if f.wait(ctx, delay) != nil {
				return final{ctx.Err()}
			}
		default:
			return err
		}
	}
}

func (f *Fetcher) note(msg string) {
	if f.Note != nil {
		f.Note(msg)
	}
}

func (f *Fetcher) now() time.Time {
	if f.Now != nil {
		return f.Now()
	}
	return time.Now()
}

func (f *Fetcher) wait(ctx context.Context, d time.Duration) error {
	if f.Wait != nil {
		return f.Wait(ctx, d)
	}
	return retry.Wait(ctx, d)
}

// encodedError refuses a body that is not the file as it lies on the server, and so says nothing of its checksum.
func (r *Request) encodedError(rawURL, encoding string) error {
	d := r.bad(nil, "%s sent %s encoded (%s), which was not asked for: what came is not the file", hostOf(rawURL), redact(rawURL), encoding)
	d.Hints = append([]string{"use another address, or get the file by other means"}, hintDistdir(r.Name)...)
	return d
}
