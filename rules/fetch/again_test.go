package fetch

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/action/actiontest"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/rules/retry"
)

var now = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// waits has a Fetcher that waits in no time, and what it was to wait and had to say.
type waits struct {
	all   []time.Duration
	notes []string
}

func (w *waits) fetcher() *Fetcher {
	return &Fetcher{
		Now:  func() time.Time { return now },
		Wait: func(_ context.Context, d time.Duration) error { w.all = append(w.all, d); return nil },
		Note: func(m string) { w.notes = append(w.notes, m) },
	}
}

// TestBusy: a server that is busy is asked again when it says, or after a growing while, a few times.
func TestBusy(t *testing.T) {
	const first = retry.FirstWait
	for _, tt := range []struct {
		name   string
		status int
		header string
		busy   int // requests that are refused
		waits  []time.Duration
		want   string // "" when it is had in the end
	}{
		{"seconds", 503, "7", 2, []time.Duration{7 * time.Second, 7 * time.Second}, ""},
		{"a date", 429, now.Add(9 * time.Second).Format(http.TimeFormat), 1, []time.Duration{9 * time.Second}, ""},
		{"a date that is past", 429, now.Add(-time.Hour).Format(http.TimeFormat), 1, []time.Duration{first}, ""},
		{"nothing said", 500, "", 3, []time.Duration{first, 2 * first, 4 * first}, ""},
		{"nonsense said", 502, "soon", 1, []time.Duration{first}, ""},
		{"for ever", 504, "", 99, []time.Duration{first, 2 * first, 4 * first}, "answered with status 504 (Gateway Timeout) for "},
		{"too long", 503, "3600", 1, nil, ", and wants to be asked again in 1h0m0s"},
		{"much too long", 429, "99999999999999999999", 1, nil, ", and wants to be asked again in a year or later"},
		{"not in passing", 501, "", 1, nil, "answered with status 501 (Not Implemented)"},
		{"forbidden", 403, "1", 1, nil, "answered with status 403 (Forbidden)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
				if n < tt.busy {
					w.Header().Set("Retry-After", tt.header)
					w.WriteHeader(tt.status)
					return
				}
				whole(n, w, r)
			})
			var w waits
			if tt.want == "" {
				mustFetch(t, w.fetcher(), request(s.URL+"/py"))
			} else {
				mustFail(t, w.fetcher(), request(s.URL+"/py"), tt.want)
			}
			if !slices.Equal(w.all, tt.waits) {
				t.Errorf("waited %v, expected %v", w.all, tt.waits)
			}
			if s.requests() != len(tt.waits)+1 || len(w.notes) != len(tt.waits) {
				t.Errorf("%d requests; notes: %q", s.requests(), w.notes)
			}
			for i, note := range w.notes {
				if want := fmt.Sprintf("answered with status %s; asking again in %v", statusText(tt.status), tt.waits[i]); !strings.HasSuffix(note, want) {
					t.Errorf("note %q", note)
				}
			}
		})
	}
}

// TestBusyAfterCut: cuts and refusals are counted apart.
func TestBusyAfterCut(t *testing.T) {
	s := serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
		switch {
		case n == 0 || n == 3:
			cutAt(200_000, w)
		case n < 5:
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		whole(n, w, r)
	})
	var w waits
	mustFetch(t, w.fetcher(), request(s.URL+"/py"))
	if s.requests() != 6 || len(w.all) != 3 {
		t.Errorf("%d requests, waited %v", s.requests(), w.all)
	}
}

// TestNoFile: the checksum of what is surely not the file is offered to nobody, whether one is declared or not.
func TestNoFile(t *testing.T) {
	for _, tt := range []struct{ name, path, kind, body, want string }{
		{"nothing", "/py", "", "", "with nothing, and not the file"},
		{"a page", "/py", "text/html; charset=utf-8", "<p>log in first", "with a page (text/html), and not the file"},
		{"a page by its URL", "/index.html", "text/html", "<p>other", ""},
		{"another file", "/py", "application/octet-stream", "other", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", tt.kind)
				io.WriteString(w, tt.body)
			})
			req := request(s.URL + tt.path)
			req.Name = "py"
			_, err := fetch(t.Context(), &Fetcher{}, req, &actiontest.Call{})
			var d *diag.Error
			if !errors.As(err, &d) {
				t.Fatalf("got %v", err)
			}
			if offered := strings.Contains(strings.Join(d.Hints, "\n"), "set sha256"); offered != (tt.want == "") || !strings.Contains(d.Msg, tt.want) {
				t.Errorf("got %s, %q", d.Msg, d.Hints)
			}
			c := &actiontest.Call{}
			sum, err := (&Fetcher{}).Learn(t.Context(), s.URL+tt.path, 0, func() (action.Writer, error) { return c.Create("file") })
			if (err == nil) != (tt.want == "") || tt.want != "" && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("learnt %q, %v", sum, err)
			}
		})
	}
}

// TestCutOff: that a download was cut off and is asked for again is said.
func TestCutOff(t *testing.T) {
	s := serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
		if n == 0 {
			w.Header().Set("Content-Length", strconv.Itoa(len(content)))
			w.Write(content[:10])
			return
		}
		whole(n, w, r)
	})
	var w waits
	mustFetch(t, w.fetcher(), request(s.URL+"/py"))
	if len(w.notes) != 1 || !strings.HasSuffix(w.notes[0], fmt.Sprintf("was cut off after 10 of %d bytes; asking again", len(content))) {
		t.Errorf("notes: %q", w.notes)
	}
}

// TestHungUp: a connection that was ended without an answer is made again.
func TestHungUp(t *testing.T) {
	s := serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
		if n < 2 {
			c, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			c.Close()
			return
		}
		whole(n, w, r)
	})
	var w waits
	f := w.fetcher()
	f.Client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // else Go itself asks again
	mustFetch(t, f, request(s.URL+"/py"))
	if len(w.notes) != 2 || !strings.HasSuffix(w.notes[0], " ended the connection without an answer; asking again in 500ms") {
		t.Errorf("notes: %q", w.notes)
	}
}

// TestGivenUpWhileWaiting: who gives up waits no longer.
func TestGivenUpWhileWaiting(t *testing.T) {
	s := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	ctx, cancel := context.WithCancel(t.Context())
	f := &Fetcher{Note: func(string) { cancel() }} // and really waits
	if _, err := fetch(ctx, f, request(s.URL+"/py"), &actiontest.Call{}); err != context.Canceled || s.requests() != 1 {
		t.Errorf("got %v after %d requests", err, s.requests())
	}
}

// TestDocumentsToo: sums and documents of the index have the same attempts.
func TestDocumentsToo(t *testing.T) {
	busy := func(t *testing.T) *site {
		return serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
			if n == 0 {
				w.Header().Set("Retry-After", "2")
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			if n == 1 {
				cutAt(1000, w)
			}
			whole(n, w, r)
		})
	}
	var w waits
	if b, err := w.fetcher().Get(t.Context(), busy(t).URL+"/json", int64(len(content))); err != nil || len(b) != len(content) {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	if sums, err := w.fetcher().Sum(t.Context(), busy(t).URL+"/a.tgz"); err != nil || sums.SHA256 != sumOf(content) {
		t.Errorf("%v, %v", sums, err)
	}
	if len(w.all) != 2 || w.all[0] != 2*time.Second {
		t.Errorf("waited %v", w.all)
	}
}

// TestEncoded: a checksum of what was encoded on the way is offered to nobody; a file that is only called so is taken.
func TestEncoded(t *testing.T) {
	s := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "identity" && r.URL.Path != "/json" {
			t.Errorf("%s: accepts %q", r.URL.Path, r.Header.Get("Accept-Encoding"))
		}
		w.Header().Set("Content-Encoding", "gzip")
		if r.URL.Path == "/called.tgz" {
			w.Write(content)
			return
		}
		z := gzip.NewWriter(w)
		z.Write(content)
		z.Close()
	})
	f := &Fetcher{}
	err := mustFail(t, f, request(s.URL+"/py"), s.URL+"/py encoded (gzip), which was not asked for: what came is not the file", "--distdir=FOLDER")
	if strings.Contains(err.Error(), "sha256 = ") {
		t.Errorf("a checksum is offered: %v", err)
	}
	mustFetch(t, f, request(s.URL+"/called.tgz")) // by its checksum
	for _, path := range []string{"/py", "/called.tgz"} {
		c := &actiontest.Call{}
		sum, err := f.Learn(t.Context(), s.URL+path, 0, func() (action.Writer, error) { return c.Create("file") })
		if err == nil || sum != "" || !strings.Contains(err.Error(), "encoded (gzip)") || c.Outputs["file"] != nil {
			t.Errorf("%s: learned %q, %v", path, sum, err)
		}
		if sums, err := f.Sum(t.Context(), s.URL+path); err == nil || sums != (Sums{}) || !strings.Contains(err.Error(), "encoded (gzip)") {
			t.Errorf("%s: %v, %v", path, sums, err)
		}
	}
	// A document has no checksum, and is decoded.
	if b, err := f.Get(t.Context(), s.URL+"/json", int64(len(content))); err != nil || string(b) != string(content) {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	if _, err := f.Get(t.Context(), s.URL+"/json", 1000); err == nil || !strings.Contains(err.Error(), "has more than 1000 bytes") {
		t.Errorf("a small body of many bytes: %v", err)
	}
	odd := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "br")
		io.WriteString(w, "?")
	})
	if _, err := f.Get(t.Context(), odd.URL+"/json", 1000); err == nil || errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "encoded (br)") {
		t.Errorf("got %v", err)
	}
}

func TestEncodingOf(t *testing.T) {
	for _, tt := range []struct {
		in   []string
		want string
	}{{nil, ""}, {[]string{"identity"}, ""}, {[]string{""}, ""}, {[]string{"GZIP"}, "gzip"}, {[]string{"gzip, br", "identity"}, "gzip, br"}} {
		if got := encodingOf(http.Header{"Content-Encoding": tt.in}); got != tt.want {
			t.Errorf("%q: %q", tt.in, got)
		}
	}
}
