package fetch

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/action/actiontest"
	"github.com/sbomctl/sbomctl/engine/diag"
)

// content is long enough for several reads.
var content = bytes.Repeat([]byte("0123456789abcdef"), 40_000)

func sumOf(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// site is a server that counts its requests.
type site struct {
	*httptest.Server
	seen atomic.Int64
}

// requests returns how many there were so far.
func (s *site) requests() int { return int(s.seen.Load()) }

func serve(t *testing.T, h func(n int, w http.ResponseWriter, r *http.Request)) *site {
	t.Helper()
	s := &site{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h(int(s.seen.Add(1))-1, w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// whole serves content.
func whole(_ int, w http.ResponseWriter, _ *http.Request) { w.Write(content) }

// cutAt promises all of content and hangs up after n bytes.
func cutAt(n int, w http.ResponseWriter) {
	w.Header().Set("Content-Length", fmt.Sprint(len(content)))
	w.Write(content[:n])
	w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

func request(urls ...string) Request {
	return Request{URLs: urls, SHA256: sumOf(content), MaxBytes: int64(len(content))}
}

// fetch returns the sealed output; nil when there is none.
func fetch(ctx context.Context, f *Fetcher, req Request, c *actiontest.Call) ([]byte, error) {
	err := f.Fetch(ctx, req, func() (action.Writer, error) { return c.Create("file") })
	return c.Outputs["file"], err
}

func mustFetch(t *testing.T, f *Fetcher, req Request) {
	t.Helper()
	got, err := fetch(context.Background(), f, req, &actiontest.Call{})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, content) {
		t.Fatalf("got %d bytes that are not the file's", len(got))
	}
}

// mustFail checks that the error has each part, and that there is no output.
func mustFail(t *testing.T, f *Fetcher, req Request, parts ...string) error {
	t.Helper()
	got, err := fetch(context.Background(), f, req, &actiontest.Call{})
	if err == nil {
		t.Fatal("no error")
	}
	if got != nil {
		t.Errorf("an output of %d bytes", len(got))
	}
	for _, e := range diag.Flatten(err) {
		var d *diag.Error
		if !errors.As(e, &d) {
			t.Errorf("%T is no diagnostic: %v", e, e)
		}
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("error does not say %q:\n%v", p, err)
		}
	}
	return err
}

func TestFetch(t *testing.T) {
	s := serve(t, whole)
	var last Progress
	f := &Fetcher{Progress: func(p Progress) { last = p }}
	mustFetch(t, f, request(s.URL+"/py.tar.xz"))
	if last.Done != int64(len(content)) || last.Name != "py.tar.xz" {
		t.Errorf("last progress: %+v", last)
	}
}

// TestCut: a transfer that is cut begins again, a few times.
func TestCut(t *testing.T) {
	s := serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
		if n < maxAttempts-1 {
			cutAt(200_000, w)
		}
		whole(n, w, r)
	})
	mustFetch(t, &Fetcher{}, request(s.URL+"/py"))
	if s.requests() != maxAttempts {
		t.Errorf("%d requests, expected %d", s.requests(), maxAttempts)
	}
	s = serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) { cutAt(1000, w) })
	mustFail(t, &Fetcher{}, request(s.URL+"/py"), "was cut off after 1000 of 640000 bytes", "run the command again")
	if s.requests() != maxAttempts {
		t.Errorf("%d requests, expected %d", s.requests(), maxAttempts)
	}
}

// TestMirror: what was wrong with a mirror is a note when another one has the file.
func TestMirror(t *testing.T) {
	a := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) { cutAt(1000, w) })
	b := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "other") })
	c := serve(t, whole)
	var notes []string
	mustFetch(t, &Fetcher{Note: func(m string) { notes = append(notes, m) }}, request(a.URL+"/py", b.URL+"/py", c.URL+"/py"))
	again := slices.DeleteFunc(slices.Clone(notes), func(m string) bool { return !strings.HasSuffix(m, "asking again") })
	notes = slices.DeleteFunc(notes, func(m string) bool { return strings.HasSuffix(m, "asking again") })
	if len(again) != maxAttempts-1 || len(notes) != 2 || !strings.Contains(notes[0], "cut off") || !strings.Contains(notes[1], "is declared") {
		t.Errorf("notes: %q", notes)
	}
}

func TestErrors(t *testing.T) {
	big := append([]byte("more"), content...)
	s := serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/wrong":
			io.WriteString(w, "wrong")
		case "/big":
			w.Header().Set("Content-Length", fmt.Sprint(len(big)))
			w.Write(big)
		case "/big-chunked":
			w.Write(big[:10])
			w.(http.Flusher).Flush()
			w.Write(big[10:])
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/file":
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		case "/busy":
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			http.NotFound(w, r)
		}
	})
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()

	tests := []struct {
		path string
		want []string
	}{
		{"/wrong", []string{"sha256 of " + s.URL + "/wrong is " + sumOf([]byte("wrong")) + ", but " + sumOf(content) + " is declared",
			"set sha256 = \"" + sumOf([]byte("wrong")) + "\" where it is declared"}},
		{"/big", []string{"has more than the declared 640000 bytes", "raise its size"}},
		{"/big-chunked", []string{"has more than the declared 640000 bytes"}},
		{"/loop", []string{"redirects more than 10 times"}},
		{"/file", []string{"redirects to file:///etc/passwd, which is neither http nor https"}},
		{"/none", []string{"/none does not exist (status 404)", "--distdir=FOLDER"}},
		{"/busy", []string{"answered with status 503 (Service Unavailable)"}},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			var w waits
			mustFail(t, w.fetcher(), request(s.URL+tt.path), tt.want...)
		})
	}
	t.Run("unreachable", func(t *testing.T) {
		req := request("http://" + closed.Addr().String() + "/a/Python-3.13.5.tar.xz")
		mustFail(t, &Fetcher{}, req, "cannot reach "+closed.Addr().String(), "put Python-3.13.5.tar.xz into a folder and add --distdir=FOLDER")
	})
	t.Run("all places are named", func(t *testing.T) {
		mustFail(t, &Fetcher{}, request(s.URL+"/wrong", s.URL+"/none"), "sha256 of", "/none does not exist")
	})
	t.Run("no url", func(t *testing.T) {
		req := request()
		req.Name = "py"
		mustFail(t, &Fetcher{Distdirs: []string{t.TempDir()}}, req, "py (sha256 "+sumOf(content)+") has no URL and is in no distdir")
	})
}

func TestRedirects(t *testing.T) {
	plain := serve(t, whole)
	secure := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, plain.URL+"/py", http.StatusFound)
	}))
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // the refused handshake is what is tested
	secure.StartTLS()
	defer secure.Close()
	mustFail(t, &Fetcher{Client: secure.Client()}, request(secure.URL+"/py"), "redirects from https to "+plain.URL)
	if plain.requests() != 0 {
		t.Error("the plain server was asked")
	}
	mustFail(t, &Fetcher{}, request(secure.URL+"/py"), "certificate of "+strings.TrimPrefix(secure.URL, "https://")+" is not trusted")

	hop := serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, plain.URL+"/py", http.StatusFound)
	})
	mustFetch(t, &Fetcher{}, request(hop.URL+"/py"))
}

func TestIdle(t *testing.T) {
	s := serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(content)))
		w.Write(content[:10])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	mustFail(t, &Fetcher{IdleTimeout: time.Millisecond}, request(s.URL+"/py"), "sent nothing for 1ms")
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	s := serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(content)))
		w.Write(content[:10])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	f := &Fetcher{Progress: func(Progress) { cancel() }}
	if got, err := fetch(ctx, f, request(s.URL+"/py"), &actiontest.Call{}); err != context.Canceled || got != nil {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestDistdir(t *testing.T) {
	s := serve(t, whole)
	empty, wrong, right := t.TempDir(), t.TempDir(), t.TempDir()
	for dir, b := range map[string][]byte{wrong: content[:5], right: content} {
		if err := os.WriteFile(filepath.Join(dir, "py.tar.xz"), b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	var notes []string
	note := func(m string) { notes = append(notes, m) }
	req := request(s.URL + "/a/py.tar.xz")
	req.Name = "local-name"
	mustFetch(t, &Fetcher{Distdirs: []string{empty, wrong, right}, Note: note}, req)
	if s.requests() != 0 {
		t.Error("the network was asked")
	}
	if len(notes) != 1 || !strings.Contains(notes[0], sumOf(content[:5])+", but "+sumOf(content)+" is declared") {
		t.Errorf("notes: %q", notes)
	}
	mustFetch(t, &Fetcher{Distdirs: []string{wrong}}, req)
	if s.requests() != 1 {
		t.Errorf("%d requests, expected 1", s.requests())
	}
}

// TestDistdirMismatch: another file in a distdir is the same mistake as from a server, and to use a distdir no advice.
func TestDistdirMismatch(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "py"), content[:5], 0o666); err != nil {
		t.Fatal(err)
	}
	s := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) })
	err := mustFail(t, &Fetcher{Distdirs: []string{dir}}, request(s.URL+"/py"), `set sha256 = "`+sumOf(content[:5])+`"`, "does not exist")
	if strings.Contains(err.Error(), "--distdir") {
		t.Errorf("got %v", err)
	}
}

func TestBadRequest(t *testing.T) {
	ok := sumOf(content)
	tests := map[string]struct {
		req  Request
		want string
	}{
		"file":      {Request{SHA256: ok, URLs: []string{"file:///etc/passwd"}}, `"file:///etc/passwd" is not an http or https URL`},
		"no scheme": {Request{SHA256: ok, URLs: []string{"python.org/x"}}, `"python.org/x" is not an http or https URL`},
		"short sum": {Request{SHA256: "abc", URLs: []string{"https://x/y"}}, `sha256 "abc" is not 64 lower-case hexadecimal digits`},
		"upper sum": {Request{SHA256: strings.ToUpper(ok), URLs: []string{"https://x/y"}}, `is not 64 lower-case`},
		"no name":   {Request{SHA256: ok, URLs: []string{"https://x/"}}, `state a name`},
		"dot dot":   {Request{SHA256: ok, URLs: []string{"https://x/.."}, Name: ".."}, `".." is not a file name`},
		"path":      {Request{SHA256: ok, URLs: []string{"https://x/y"}, Name: "a/b"}, `"a/b" is not a file name`},
		"escaped":   {Request{SHA256: ok, URLs: []string{"https://x/a%5c..%5cb"}}, `is not a file name`},
		"size":      {Request{SHA256: ok, URLs: []string{"https://x/y"}, MaxBytes: -1}, `size -1 is negative`},
		"password":  {Request{SHA256: ok, URLs: []string{"ftp://me:secret@x/y"}}, `"ftp://me:xxxxx@x/y" is not`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) { mustFail(t, &Fetcher{}, tt.req, tt.want) })
	}
}

// TestOutputFails: the output's own error comes out as it is, and no mirror is asked in vain.
func TestOutputFails(t *testing.T) {
	s := serve(t, whole)
	full := errors.New("full")
	got, err := fetch(context.Background(), &Fetcher{}, request(s.URL+"/py", s.URL+"/py"), &actiontest.Call{Full: full})
	if err != full || s.requests() != 1 || got != nil {
		t.Errorf("got %v after %d requests", err, s.requests())
	}
}

func FuzzNames(f *testing.F) {
	for _, s := range []string{"https://x/y", "https://x/%2e%2e", "https://x/a%2fb", "::", "https://x/a\x00b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := Request{URLs: []string{s}, SHA256: sumOf(nil)}
		if r.normalise() != nil {
			return
		}
		for _, n := range r.names() {
			if filepath.Base(filepath.Join("d", n)) != n {
				t.Errorf("%q leaves the folder", n)
			}
		}
	})
}
