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
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// content is long enough for several reads.
var content = bytes.Repeat([]byte("0123456789abcdef"), 40_000)

func sumOf(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// site is a server that writes down the Range header of each request.
type site struct {
	*httptest.Server
	mu   sync.Mutex
	seen []string
}

// ranges returns the Range header of each request so far.
func (s *site) ranges() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.seen...)
}

func serve(t *testing.T, h func(n int, w http.ResponseWriter, r *http.Request)) *site {
	t.Helper()
	s := &site{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		n := len(s.seen)
		s.seen = append(s.seen, r.Header.Get("Range"))
		s.mu.Unlock()
		h(n, w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// whole serves content with ranges, as a good server does.
func whole(_ int, w http.ResponseWriter, r *http.Request) {
	w.Header().Set("ETag", `"v1"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

// cutAt promises all of content from the asked offset and hangs up after n bytes.
func cutAt(n int, w http.ResponseWriter, r *http.Request) {
	start := 0
	if s := r.Header.Get("Range"); s != "" {
		fmt.Sscanf(s, "bytes=%d-", &start)
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", start, len(content)-1, len(content)))
	}
	w.Header().Set("ETag", `"v1"`)
	w.Header().Set("Content-Length", fmt.Sprint(len(content)-start))
	if start > 0 {
		w.WriteHeader(http.StatusPartialContent)
	}
	w.Write(content[start : start+n])
	w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

func request(urls ...string) Request {
	return Request{URLs: urls, SHA256: sumOf(content), MaxBytes: int64(len(content)), Label: "//:py"}
}

func mustFetch(t *testing.T, f *Fetcher, req Request) {
	t.Helper()
	var out bytes.Buffer
	if err := f.Fetch(context.Background(), req, &out); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out.Bytes(), content) {
		t.Fatalf("got %d bytes that are not the file's", out.Len())
	}
}

// mustFail checks that the error has each part, and that not a byte was handed over.
func mustFail(t *testing.T, f *Fetcher, req Request, parts ...string) {
	t.Helper()
	var out bytes.Buffer
	err := f.Fetch(context.Background(), req, &out)
	if err == nil {
		t.Fatal("no error")
	}
	if out.Len() != 0 {
		t.Errorf("%d bytes were handed over", out.Len())
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
}

func noParts(t *testing.T, dir string) {
	t.Helper()
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		t.Errorf("%s is left over", e.Name())
	}
}

func TestFetch(t *testing.T) {
	s := serve(t, whole)
	dir := t.TempDir()
	var last Progress
	f := &Fetcher{CacheDir: dir, Progress: func(p Progress) { last = p }}
	mustFetch(t, f, request(s.URL+"/py.tar.xz"))
	noParts(t, dir)
	if last.Done != int64(len(content)) || last.Total != last.Done || last.Name != "py.tar.xz" {
		t.Errorf("last progress: %+v", last)
	}
}

func TestResumeAfterCut(t *testing.T) {
	s := serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
		if n < 2 {
			cutAt(200_000, w, r)
		}
		if r.Header.Get("If-Range") != `"v1"` {
			t.Errorf("If-Range: %q", r.Header.Get("If-Range"))
		}
		whole(n, w, r)
	})
	dir := t.TempDir()
	mustFetch(t, &Fetcher{CacheDir: dir}, request(s.URL+"/py"))
	if len(s.ranges()) != 3 || s.ranges()[0] != "" || s.ranges()[1] == "" || s.ranges()[2] == "" {
		t.Errorf("ranges: %q", s.ranges())
	}
	noParts(t, dir)
}

func TestResumeInAnotherProcess(t *testing.T) {
	broken := true
	s := serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
		if broken {
			cutAt(1000, w, r)
		}
		whole(n, w, r)
	})
	dir := t.TempDir()
	mustFail(t, &Fetcher{CacheDir: dir}, request(s.URL+"/py"), "was cut off after 6000 of 640000 bytes", "run the command again")
	if len(s.ranges()) != maxAttempts {
		t.Errorf("%d requests, expected %d", len(s.ranges()), maxAttempts)
	}
	broken = false
	mustFetch(t, &Fetcher{CacheDir: dir}, request(s.URL+"/py"))
	if got := s.ranges()[len(s.ranges())-1]; got != "bytes=6000-" {
		t.Errorf("resumed with %q", got)
	}
}

func TestMirrorGoesOn(t *testing.T) {
	a := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) { cutAt(1000, w, r) })
	b := serve(t, whole)
	var warned []string
	req := request(a.URL+"/py", b.URL+"/py")
	req.Warn = func(m string) { warned = append(warned, m) }
	mustFetch(t, &Fetcher{}, req) // each URL has a private partial file here
	mustFetch(t, &Fetcher{CacheDir: t.TempDir()}, req)
	if got := b.ranges(); len(got) != 2 || got[0] != "" || got[1] != "bytes=6000-" {
		t.Errorf("ranges of the mirror: %q", got)
	}
	if len(warned) != 2 || !strings.Contains(warned[0], "cut off") {
		t.Errorf("warnings: %q", warned)
	}
}

func TestServersThatResumeBadly(t *testing.T) {
	tests := map[string]func(w http.ResponseWriter, r *http.Request){
		"range ignored": func(w http.ResponseWriter, r *http.Request) { w.Write(content) },
		"another offset": func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Range") == "" {
				w.Write(content)
				return
			}
			w.Header().Set("Content-Range", fmt.Sprintf("bytes 0-9/%d", len(content)))
			w.WriteHeader(http.StatusPartialContent)
			w.Write(content[:10])
		},
		"no content range": func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Range") == "" {
				w.Write(content)
				return
			}
			w.WriteHeader(http.StatusPartialContent)
		},
		"other bytes": func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Range") == "" {
				w.Write(content)
				return
			}
			w.Header().Set("Content-Range", fmt.Sprintf("bytes 1000-%d/%d", len(content)-1, len(content)))
			w.WriteHeader(http.StatusPartialContent)
			w.Write(make([]byte, len(content)-1000))
		},
		"not satisfiable": func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Range") == "" {
				w.Write(content)
				return
			}
			w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
		},
	}
	for name, second := range tests {
		t.Run(name, func(t *testing.T) {
			s := serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
				if n == 0 {
					cutAt(1000, w, r)
				}
				second(w, r)
			})
			mustFetch(t, &Fetcher{CacheDir: t.TempDir()}, request(s.URL+"/py"))
		})
	}
}

func TestPartialFile(t *testing.T) {
	tests := map[string]struct {
		part []byte
		want []string // ranges
	}{
		"whole":    {content, []string{"bytes=640000-"}},
		"damaged":  {[]byte("something else"), []string{"bytes=14-", ""}},
		"too long": {append([]byte("x"), content...), []string{""}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := serve(t, whole)
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, sumOf(content)+".part"), tt.part, 0o666); err != nil {
				t.Fatal(err)
			}
			mustFetch(t, &Fetcher{CacheDir: dir}, request(s.URL+"/py"))
			if fmt.Sprintf("%q", s.ranges()) != fmt.Sprintf("%q", tt.want) {
				t.Errorf("ranges %q, expected %q", s.ranges(), tt.want)
			}
			noParts(t, dir)
		})
	}
}

// TestPartialFileInUse has another holder of the partial file: the fetch neither waits nor disturbs it.
func TestPartialFileInUse(t *testing.T) {
	dir := t.TempDir()
	holder := &Fetcher{CacheDir: dir}
	req := request()
	req.Name = "py"
	p, err := holder.openPartial(&req)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.append([]byte("theirs")); err != nil {
		t.Fatal(err)
	}
	s := serve(t, whole)
	mustFetch(t, &Fetcher{CacheDir: dir}, request(s.URL+"/py"))
	if p.size != 6 {
		t.Errorf("the holder's file has %d bytes", p.size)
	}
	p.close(false)
	noParts(t, dir)
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
		{"/wrong", []string{"//:py: sha256 of " + s.URL + "/wrong is " + sumOf([]byte("wrong")) + ", but " + sumOf(content) + " is declared",
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
			dir := t.TempDir()
			mustFail(t, &Fetcher{CacheDir: dir}, request(s.URL+tt.path), tt.want...)
			noParts(t, dir)
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
	if len(plain.ranges()) != 0 {
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
	dir := t.TempDir()
	f := &Fetcher{CacheDir: dir, Progress: func(Progress) { cancel() }}
	if err := f.Fetch(ctx, request(s.URL+"/py"), io.Discard); err != context.Canceled {
		t.Errorf("got %v", err)
	}
	if b, _ := os.ReadFile(filepath.Join(dir, sumOf(content)+".part")); len(b) != 10 {
		t.Errorf("%d bytes are kept, expected 10", len(b))
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
	var warned []string
	req := request(s.URL + "/a/py.tar.xz")
	req.Name = "local-name"
	req.Warn = func(m string) { warned = append(warned, m) }
	mustFetch(t, &Fetcher{Distdirs: []string{empty, wrong, right}}, req)
	if len(s.ranges()) != 0 {
		t.Error("the network was asked")
	}
	if len(warned) != 1 || !strings.Contains(warned[0], sumOf(content[:5])+", but "+sumOf(content)+" is declared") {
		t.Errorf("warnings: %q", warned)
	}
	mustFetch(t, &Fetcher{Distdirs: []string{wrong}}, req)
	if len(s.ranges()) != 1 {
		t.Errorf("%d requests, expected 1", len(s.ranges()))
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

type fullDisk struct{}

var errFull = errors.New("full")

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

// TestDestinationFails: the destination's own error comes out as it is, no mirror is
// asked in vain, and the download is kept.
func TestDestinationFails(t *testing.T) {
	s := serve(t, whole)
	dir := t.TempDir()
	err := (&Fetcher{CacheDir: dir}).Fetch(context.Background(), request(s.URL+"/py", s.URL+"/py"), fullDisk{})
	if err != errFull || len(s.ranges()) != 1 {
		t.Errorf("got %v after %d requests", err, len(s.ranges()))
	}
	mustFetch(t, &Fetcher{CacheDir: dir}, request(s.URL+"/py"))
	if len(s.ranges()) != 2 || s.ranges()[1] != "bytes=640000-" {
		t.Errorf("ranges: %q", s.ranges())
	}
}

func FuzzContentRange(f *testing.F) {
	for _, s := range []string{"bytes 0-9/10", "bytes 5-9/*", "bytes 9-5/10", "bytes */10", "", "bytes 0-99999999999999999999/1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		start, total, ok := parseContentRange(s)
		if ok && (start < 0 || total < -1 || total >= 0 && total <= start) {
			t.Errorf("%q gives start %d of %d", s, start, total)
		}
	})
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
