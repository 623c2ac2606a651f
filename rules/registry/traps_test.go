package registry

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/engine/oci/ocitest"
	"github.com/sbomctl/sbomctl/rules/retry"
)

// only answers requests whose path has a part, and no other.
func only(part string, f func(w http.ResponseWriter, r *http.Request)) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, part) {
			return false
		}
		f(w, r)
		return true
	}
}

// TestTagAltered: by tag any bytes would do; those are held against the digest that the registry states, if it does (trap).
func TestTagAltered(t *testing.T) {
	s, r, set := served(t, client(nil, nil))
	other := []byte(`{"schemaVersion":2,"manifests":[]}`)
	stated := set.Root.Digest.String()
	s.Intercept(only("/manifests/1", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", string(types.OCIImageIndex))
		if stated != "" {
			w.Header().Set("Docker-Content-Digest", stated)
		}
		w.Write(other)
	}))
	_, _, err := r.Resolve(ctx, "1")
	wantKind(t, err, oci.Mismatch, "tag 1 of", "is "+stated+" by what", "and "+oci.DigestOf(other).String()+" by the bytes that it sent")
	for _, stated = range []string{"", "sha512:" + strings.Repeat("a", 128), "nonsense"} { // nothing to hold them against
		d, _, err := r.Resolve(ctx, "1")
		if err != nil || d.Digest != oci.DigestOf(other) {
			t.Errorf("%q: %v, %v", stated, d, err)
		}
	}
}

// TestNameWithTag: the library that reads names forgets the tag of "name:tag@digest", so such a name is refused (trap).
func TestNameWithTag(t *testing.T) {
	ref, err := name.ParseReference("quay.io/a/b:269@sha256:" + strings.Repeat("a", 64))
	if err != nil || strings.Contains(ref.Name(), "269") {
		t.Error("the library keeps the tag after all:", ref, err)
	}
	c := client(nil, nil)
	for repo, want := range map[string]string{
		"quay.io/a/b:269@sha256:" + strings.Repeat("a", 64): "names a tag or a digest",
		"quay.io/a/b:269": "names a tag or a digest",
		"quay.io/a/b@sha256:" + strings.Repeat("a", 64): "names a tag or a digest",
		"Quay.io/A/B":      "is not a repository",
		"":                 "is not a repository",
		"quay.io/a/../b":   "is not a repository",
		"https://quay.io/": "is not a repository",
	} {
		_, err := c.Repository(repo, false)
		var d *diag.Error
		if !errors.As(err, &d) || !strings.Contains(d.Msg, want) {
			t.Errorf("%q: %v, expected %s", repo, err, want)
		}
	}
	for _, good := range []string{"quay.io:443/a/b", "localhost:5000/x", "python", "[::1]:5000/x"} {
		if _, err := c.Repository(good, false); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
}

// TestRateLimited: Retry-After is waited for while a person would wait, and told when it is longer (trap: the library's retry hides it).
func TestRateLimited(t *testing.T) {
	var w waits
	c := client(&w, nil)
	var notes []string
	c.Note = func(m string) { notes = append(notes, m) }
	s, r, set := served(t, c)
	var header atomic.Value
	var refuse atomic.Int32
	s.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "/manifests/") || refuse.Add(-1) < 0 {
			return false
		}
		w.Header().Set("Retry-After", header.Load().(string))
		ocitest.Refuse(w, http.StatusTooManyRequests, "TOOMANYREQUESTS", "slow down")
		return true
	})
	for _, tt := range []struct {
		header string
		refuse int32
		waits  []time.Duration
		want   string // "" when it is had in the end
	}{
		{"7", 2, []time.Duration{7 * time.Second, 7 * time.Second}, ""},
		{"", 3, []time.Duration{retry.FirstWait, 2 * retry.FirstWait, 4 * retry.FirstWait}, ""},
		{now.Add(9 * time.Second).Format(http.TimeFormat), 1, []time.Duration{9 * time.Second}, ""},
		{now.Add(-9 * time.Second).Format(http.TimeFormat), 1, []time.Duration{retry.FirstWait}, ""},
		{"soon", 1, []time.Duration{retry.FirstWait}, ""},
		{"3600", 1, nil, "wants to be asked again in 1h0m0s"},
		{now.Add(90 * time.Second).Format(http.TimeFormat), 1, nil, "wants to be asked again in 1m30s"},
		{"99999999999999999999999", 1, nil, "wants to be asked again in a year or later"},
		{"", 9, []time.Duration{retry.FirstWait, 2 * retry.FirstWait, 4 * retry.FirstWait}, "wants to be asked again later, without saying when"},
	} {
		w.all = nil
		header.Store(tt.header)
		refuse.Store(tt.refuse)
		_, _, err := r.Manifest(ctx, set.Root.Digest)
		if tt.want == "" && err != nil {
			t.Errorf("%q: %v", tt.header, err)
		}
		if tt.want != "" {
			wantKind(t, err, oci.RateLimited, tt.want, "docker login "+s.Host())
		}
		if !slices.Equal(w.all, tt.waits) {
			t.Errorf("%q: waited %v, expected %v", tt.header, w.all, tt.waits)
		}
	}
	if len(notes) != 3 || notes[0] != s.Host()+" wants to be asked again in 7s; waiting" {
		t.Errorf("%q", notes)
	}
}

// TestPatience: when there is no time left to wait, what the registry said counts.
func TestPatience(t *testing.T) {
	c := client(nil, nil)
	c.Wait = func(context.Context, time.Duration) error { return context.DeadlineExceeded }
	s, r, set := served(t, c)
	s.Intercept(only("/manifests/", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusTooManyRequests) }))
	_, _, err := r.Manifest(ctx, set.Root.Digest)
	wantKind(t, err, oci.RateLimited)
	gone, cancel := context.WithCancel(ctx)
	c.Wait = func(ctx context.Context, _ time.Duration) error { cancel(); return ctx.Err() }
	if _, _, err := r.Manifest(gone, set.Root.Digest); err != context.Canceled {
		t.Errorf("got %v, expected that it was given up", err)
	}
}

// TestServerErrors: what a server says in passing is asked again a few times, and what is no answer of a registry is not taken for one.
func TestServerErrors(t *testing.T) {
	html := func(status int) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.WriteHeader(status)
			io.WriteString(w, "<html>Welcome to the hotel")
		}
	}
	registry := func(status int, code string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, r *http.Request) { ocitest.Refuse(w, status, code, "no") }
	}
	for name, tt := range map[string]struct {
		f        func(http.ResponseWriter, *http.Request)
		kind     oci.Kind
		requests int
		want     string
	}{
		"503":            {registry(503, "UNAVAILABLE"), oci.ServerError, 4, "answered with status 503 (Service Unavailable)"},
		"500":            {html(500), oci.ServerError, 4, "answered with status 500"},
		"504":            {html(504), oci.Timeout, 4, "answered with status 504"},
		"418":            {html(418), oci.ServerError, 1, "answered with status 418"},
		"400":            {html(400), oci.ServerError, 1, "answered with status 400"},
		"404 page":       {html(404), oci.ServerError, 1, "does not say so as a registry does"},
		"404 silent":     {func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(404) }, oci.ServerError, 1, "does not say so as a registry does"},
		"404 other code": {registry(404, "PAGE_NOT_FOUND"), oci.ServerError, 1, "does not say so"},
		"404 manifest":   {registry(404, "MANIFEST_UNKNOWN"), oci.Missing, 1, "is not there"},
		"404 lower case": {registry(404, "manifest_unknown"), oci.Missing, 1, "is not there"},
		"404 Harbor":     {registry(404, "NOT_FOUND"), oci.Missing, 1, "is not there"},
		"404 name":       {registry(404, "NAME_UNKNOWN"), oci.Missing, 1, "has no such repository"},
		"403":            {registry(403, "DENIED"), oci.Auth, 1, "wants credentials"},
		"429 by code":    {registry(400, "TOOMANYREQUESTS"), oci.RateLimited, 1, "later"},
		"200 page":       {html(200), oci.ServerError, 1, "answered with a page that is no registry's"},
		"200 unmarked":   {func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, " \n<!DOCTYPE html>") }, oci.ServerError, 1, "is no registry's"},
		"200 empty":      {func(w http.ResponseWriter, r *http.Request) {}, oci.ServerError, 1, "is no registry's"},
		"200 other JSON": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, `{"error":"not logged in"}`)
		}, oci.ServerError, 1, "is no registry's"},
		"200 text":         {func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, `"not logged in"`) }, oci.ServerError, 1, "is no registry's"},
		"204":              {func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(204) }, oci.ServerError, 1, "answered with status 204"},
		"304":              {func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(304) }, oci.ServerError, 1, "answered with status 304"},
		"redirect nowhere": {func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(302) }, oci.ServerError, 1, "redirects to nowhere"},
		"redirect loop": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path, http.StatusTemporaryRedirect)
		}, oci.ServerError, 11, "redirects again and again"},
		"redirect to file": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "file://x/etc/passwd", http.StatusTemporaryRedirect)
		}, oci.ServerError, 1, "neither https nor http"},
		"redirect to http": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://192.0.2.1/x", http.StatusTemporaryRedirect)
		}, oci.ServerError, 1, "redirects to 192.0.2.1, which is plain http"},
		"cut": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1000")
			io.WriteString(w, `{"schemaVersion":2,`)
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}, oci.ServerError, 4, "was cut off by"},
		"hung up": {func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) }, oci.ServerError, 4, "ended the connection without an answer"},
		"endless": {func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					return
				}
			}
		}, oci.Malformed, 1, "more than 4194304 bytes"},
		"odd encoding": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			io.WriteString(z, `{"schemaVersion":2}`)
			z.Close()
		}, oci.Mismatch, 1, "has other bytes: their digest is sha256:bafebd36189ad3688b7b3915ea55d461e0bfcfbdde11e54b0a123999fb6be50f"},
	} {
		t.Run(name, func(t *testing.T) {
			s, r, set := served(t, client(nil, nil))
			if _, _, err := r.Manifest(ctx, set.Root.Digest); err != nil {
				t.Fatal(err)
			}
			s.Requests()
			s.Intercept(only("/manifests/", tt.f))
			_, _, err := r.Manifest(ctx, set.Root.Digest)
			wantKind(t, err, tt.kind, tt.want)
			// Go's client asks again by itself when a connection that it had used before is closed on it.
			if got := len(s.Requests()); got != tt.requests && name != "hung up" {
				t.Errorf("%d requests, expected %d", got, tt.requests)
			}
		})
	}
}

// TestPassing: a registry that is well again has what it had.
func TestPassing(t *testing.T) {
	s, r, set := served(t, client(nil, nil))
	var n atomic.Int32
	s.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
		switch n.Add(1) {
		case 2:
			w.WriteHeader(503)
		case 3:
			w.Header().Set("Content-Length", "1000")
			io.WriteString(w, "{")
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		default:
			return false
		}
		return true
	})
	if _, _, err := r.Manifest(ctx, set.Root.Digest); err != nil {
		t.Error(err)
	}
}

// TestBlobAnswers: what is no blob, or another one.
func TestBlobAnswers(t *testing.T) {
	content := []byte("the content of a layer")
	d := v1.Descriptor{Digest: oci.DigestOf(content), Size: int64(len(content)), MediaType: types.OCIUncompressedLayer}
	for name, tt := range map[string]struct {
		f    func(w http.ResponseWriter)
		kind oci.Kind // "" when it is had
		want string
	}{
		"right":   {func(w http.ResponseWriter) { w.Write(content) }, "", ""},
		"page":    {func(w http.ResponseWriter) { w.Header().Set("Content-Type", "text/html"); io.WriteString(w, "<html>") }, oci.ServerError, "is no registry's"},
		"short":   {func(w http.ResponseWriter) { w.Write(content[:5]) }, oci.Mismatch, "has 5 bytes at"},
		"long":    {func(w http.ResponseWriter) { w.Write(append(content[:len(content):len(content)], 'x')) }, oci.Mismatch, "has 23 bytes at"},
		"longer":  {func(w http.ResponseWriter) { w.Write(content); w.(http.Flusher).Flush(); w.Write(content) }, oci.Mismatch, "has more than the declared 22 bytes"},
		"shorter": {func(w http.ResponseWriter) { w.Write(content[:9]); w.(http.Flusher).Flush() }, oci.Mismatch, "has 9 bytes, 22 are declared"},
		"cut": {func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "22")
			w.Write(content[:9])
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}, oci.ServerError, "was cut off by"},
		"encoded": {func(w http.ResponseWriter) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			z.Write(content)
			z.Close()
		}, "", ""},
		"encoded, cut": {func(w http.ResponseWriter) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			z.Write(content)
			z.Flush()
		}, oci.ServerError, "was cut off by"},
		"called encoded": {func(w http.ResponseWriter) { w.Header().Set("Content-Encoding", "gzip"); w.Write(content) }, oci.ServerError, "was cut off"},
		"gone":           {func(w http.ResponseWriter) { ocitest.Refuse(w, 404, "BLOB_UNKNOWN", "") }, oci.Missing, "is not there"},
	} {
		t.Run(name, func(t *testing.T) {
			s, r, _ := served(t, client(nil, nil))
			s.Intercept(only("/blobs/", func(w http.ResponseWriter, r *http.Request) { tt.f(w) }))
			b, err := read(t, r, d)
			if tt.kind == "" {
				if err != nil || string(b) != string(content) {
					t.Errorf("%q, %v", b, err)
				}
				return
			}
			wantKind(t, err, tt.kind, tt.want)
		})
	}
	// A compressed layer whose storage calls that an encoding is what it is.
	s, r, _ := served(t, client(nil, nil))
	layer := ocitest.Layer(ocitest.Gzip, ocitest.Entry{Name: "x"})
	s.Intercept(only("/blobs/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(layer.Bytes)
	}))
	if _, err := read(t, r, layer.Descriptor); err != nil {
		t.Error(err)
	}
}

// TestPullCut: a blob that is cut off is fetched again.
func TestPullCut(t *testing.T) {
	s, r, set := served(t, client(nil, nil))
	var n atomic.Int32
	s.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "/blobs/") || n.Add(1) != 1 {
			return false
		}
		w.Header().Set("Content-Length", "100000")
		panic(http.ErrAbortHandler)
	})
	if err := oci.Pull(ctx, r, oci.NewStore(t.TempDir(), nil), set.Root.Digest, nil); err != nil {
		t.Error(err)
	}
}

// TestSilence: a server that says nothing, at whatever point, is a timeout.
func TestSilence(t *testing.T) {
	layer := ocitest.Layer(ocitest.None, ocitest.Entry{Name: "x"})
	for name, path := range map[string]string{"greeting": "/v2/", "manifest": "/manifests/", "blob": "/blobs/"} {
		for _, begun := range []bool{false, true} {
			c := client(nil, nil)
			c.Silence = 30 * time.Millisecond
			s, r, set := served(t, c)
			s.Intercept(only(path, func(w http.ResponseWriter, r *http.Request) {
				if begun {
					w.Header().Set("Content-Length", strconv.Itoa(len(layer.Bytes)))
					w.Write([]byte("{"))
					w.(http.Flusher).Flush()
				}
				<-r.Context().Done()
			}))
			var err error
			if path == "/blobs/" {
				_, err = read(t, r, layer.Descriptor)
			} else {
				_, _, err = r.Manifest(ctx, set.Root.Digest)
			}
			t.Log(name, begun)
			wantKind(t, err, oci.Timeout, "sent nothing for 30ms")
		}
	}
}

// TestDeadline: a caller's own deadline is a timeout, and its giving up is not.
func TestDeadline(t *testing.T) {
	s, r, set := served(t, client(nil, nil))
	s.Intercept(only("/manifests/", func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	late, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	_, _, err := r.Manifest(late, set.Root.Digest)
	wantKind(t, err, oci.Timeout, "no time left")
	gone, cancel := context.WithCancel(ctx)
	s.Intercept(only("/manifests/", func(w http.ResponseWriter, r *http.Request) { cancel(); <-r.Context().Done() }))
	if _, _, err := r.Manifest(gone, set.Root.Digest); err != context.Canceled {
		t.Errorf("got %v", err)
	}
	if _, err := r.Blob(gone, v1.Descriptor{Digest: set.Root.Digest}); err != context.Canceled {
		t.Errorf("got %v", err)
	}
}

// TestOffline: nothing is asked, and that is what is said.
func TestOffline(t *testing.T) {
	c := client(nil, nil)
	c.Offline = true
	s, r, set := served(t, c)
	_, _, err := r.Manifest(ctx, set.Root.Digest)
	wantKind(t, err, oci.Offline, "--offline is set", "--oci_layout=DIR")
	_, _, err = r.Resolve(ctx, "1")
	wantKind(t, err, oci.Offline)
	_, err = r.Blob(ctx, v1.Descriptor{Digest: set.Root.Digest})
	wantKind(t, err, oci.Offline)
	_, err = r.Referrers(ctx, set.Root.Digest)
	wantKind(t, err, oci.Offline)
	wantKind(t, r.Exists(ctx, v1.Descriptor{Digest: set.Root.Digest}), oci.Offline)
	if got := s.Requests(); got != nil {
		t.Errorf("%q", got)
	}
}

// TestTagOfAnother: what answers for a tag and is no registry has moved nothing, whatever its answer hashes to.
func TestTagOfAnother(t *testing.T) {
	s, r, _ := served(t, client(nil, nil))
	for _, body := range []string{`{"error":"not logged in"}`, `[]`, `null`, `<html>`} {
		s.Intercept(only("/manifests/", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, body)
		}))
		_, _, err := r.Resolve(ctx, "1")
		wantKind(t, err, oci.ServerError, "is no registry's")
	}
}
