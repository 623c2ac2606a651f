package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/rules/retry"
)

// answer is what a server sent. close gives free what it holds.
type answer struct {
	status  int
	header  http.Header
	length  int64     // of the body, -1 when nobody says
	body    io.Reader // ends with an error when the server is silent for too long
	server  string    // host that sent it
	foreign bool      // another one than was asked: it was redirected to
	close   func()
}

const maxRedirects = 10 // of one request

// Why a request was given up; causes of contexts.
var (
	errSilence  = errors.New("nothing was sent")
	errPatience = errors.New("it took too long")
)

// send makes a request, again when it fails in passing. Errors are those of the way; an answer has any status.
func (h *host) send(ctx context.Context, what string, build func() (*http.Request, error)) (*answer, error) {
	for n := 1; ; n++ {
		a, err := h.once(ctx, what, build)
		if err != nil {
			delay, last := retry.Delay(n, 0)
			if last || !retry.Reset(err) || h.client.wait(ctx, delay) != nil {
				return nil, err
			}
			continue
		}
		after := h.after(a)
		delay, last := retry.Delay(n, after)
		if !retry.Passing(a.status) || last {
			return a, nil
		}
		if after > 0 && h.client.Note != nil {
			h.client.Note(fmt.Sprintf("%s wants to be asked again in %s; waiting", a.server, after))
		}
		if err := h.client.wait(ctx, delay); err != nil {
			if ctx.Err() == nil || context.Cause(ctx) == errPatience {
				return a, nil // what it said is more than that there was no time left
			}
			a.close()
			return nil, ended(ctx, what)
		}
		a.close()
	}
}

// after is the time that the sender of an answer asks for, 0 when it says none.
func (h *host) after(a *answer) time.Duration {
	return retry.After(a.header.Get("Retry-After"), h.client.now())
}

// once makes a request and follows where it is redirected to.
func (h *host) once(parent context.Context, what string, build func() (*http.Request, error)) (*answer, error) {
	r, err := build()
	if err != nil {
		return nil, &oci.Error{Kind: oci.ServerError, What: what, Msg: "could not be asked for: its address cannot be written as a URL"}
	}
	ctx, cancel := context.WithCancelCause(parent)
	silence := time.AfterFunc(h.client.silence(), func() { cancel(errSilence) })
	end := func() {
		silence.Stop()
		cancel(nil)
	}
	start := *r.URL
	for n := 0; ; n++ {
		silence.Reset(h.client.silence())
		r = r.WithContext(ctx)
		r.Header.Set("User-Agent", h.userAgent())
		r.Header.Set("Accept-Encoding", "identity") // the digest is of the bytes, not of an encoding of them
		resp, err := h.client.transport().RoundTrip(r)
		if err != nil {
			err = h.unreachable(ctx, what, r.URL.Host, err)
			end()
			if parent.Err() != nil {
				return nil, ended(parent, what)
			}
			return nil, err
		}
		silence.Stop()
		next, problem := redirected(r, resp)
		if next == nil && problem == "" {
			return &answer{status: resp.StatusCode, header: resp.Header, length: resp.ContentLength, server: r.URL.Host, foreign: !sameOrigin(r.URL, &start),
				body:  &heard{ctx, resp.Body, silence, h.client.silence()},
				close: func() { resp.Body.Close(); end() }}, nil
		}
		resp.Body.Close()
		if problem == "" {
			problem = h.refuses(next)
			if problem != "" {
				problem = "redirects to " + next.Host + ", " + problem
			} else if n == maxRedirects {
				problem = "redirects again and again"
			}
		}
		if problem != "" {
			end()
			return nil, &oci.Error{Kind: oci.ServerError, What: what, Msg: "was not fetched: " + r.URL.Host + " " + problem}
		}
		header := r.Header.Clone()
		if !sameOrigin(next, &start) {
			header.Del("Authorization") // it belongs to whom it was made for
		} else if original, err := build(); err == nil && original.Header.Get("Authorization") != "" {
			header.Set("Authorization", original.Header.Get("Authorization"))
		}
		r = &http.Request{Method: r.Method, URL: next, Header: header, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
	}
}

// redirected returns where an answer leads, nil when it is one; problem says what is wrong with it.
func redirected(r *http.Request, resp *http.Response) (next *url.URL, problem string) {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil, ""
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return nil, "redirects a request that has credentials in it"
	}
	next, err := r.URL.Parse(resp.Header.Get("Location"))
	if err != nil || resp.Header.Get("Location") == "" || next.Host == "" {
		return nil, "redirects to nowhere"
	}
	next.User = nil
	return next, ""
}

func (h *host) userAgent() string {
	if h.client.UserAgent != "" {
		return h.client.UserAgent
	}
	return "sbomctl"
}

// heard has the timer of silence run while somebody waits for the server, and not while that one does something else.
type heard struct {
	ctx   context.Context
	r     io.Reader
	timer *time.Timer
	limit time.Duration
}

func (h *heard) Read(p []byte) (int, error) {
	h.timer.Reset(h.limit)
	n, err := h.r.Read(p)
	h.timer.Stop()
	if cause := context.Cause(h.ctx); err != io.EOF && cause != nil {
		err = cause
	}
	return n, err
}
