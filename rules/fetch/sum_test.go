package fetch

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestSum(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/a.tar.gz":
			w.Header().Set("Content-Type", "application/gzip")
			fmt.Fprint(w, "bytes")
		case "/moved":
			http.Redirect(w, r, "/a.tar.gz", http.StatusFound)
		case "/page":
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, "<html>choose a mirror</html>")
		case "/empty":
		case "/short":
			w.Header().Set("Content-Length", "10")
			fmt.Fprint(w, "bytes")
		case "/broken":
			http.Error(w, "no", http.StatusBadGateway)
		default:
			http.NotFound(w, r)
		}
	}))
	defer s.Close()
	var w waits
	f := w.fetcher()
	want := Sums{fmt.Sprintf("%x", sha256.Sum256([]byte("bytes"))), fmt.Sprintf("%x", sha512.Sum512([]byte("bytes"))), fmt.Sprintf("%x", sha1.Sum([]byte("bytes"))), fmt.Sprintf("%x", md5.Sum([]byte("bytes")))}
	for _, path := range []string{"/a.tar.gz", "/moved"} {
		if got, err := f.Sum(t.Context(), s.URL+path); got != want || err != nil {
			t.Errorf("%s: %v, %v", path, got, err)
		}
	}
	host := strings.TrimPrefix(s.URL, "http://")
	for url, want := range map[string]string{
		s.URL + "/page":      s.URL + "/page is a web page, not an archive",
		s.URL + "/empty":     s.URL + "/empty is empty",
		s.URL + "/short":     s.URL + "/short was cut off after 5 of 10 bytes",
		s.URL + "/broken":    host + " answered with status 502 (Bad Gateway) for " + s.URL + "/broken",
		s.URL + "/none":      s.URL + "/none does not exist (status 404)",
		"ftp://x/y":          `"ftp://x/y" is not an http or https URL`,
		"http://127.0.0.1:1": "cannot reach 127.0.0.1:1 to fetch http://127.0.0.1:1",
	} {
		got, err := f.Sum(t.Context(), url)
		if text, _, _ := strings.Cut(fmt.Sprint(err), "\n"); got != (Sums{}) || text != want {
			t.Errorf("%s: %v, got %q, want %q", url, got, text, want)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Sum(ended, s.URL+"/a.tar.gz"); err != context.Canceled {
		t.Errorf("got %v", err)
	}
}

func TestSumsOf(t *testing.T) {
	if _, err := SumsOf(strings.NewReader("12345"), 4); err != errTooLong {
		t.Errorf("got %v", err)
	}
	if got, err := SumsOf(strings.NewReader("12345"), 5); len(got.SHA256) != 64 || len(got.MD5) != 32 || err != nil {
		t.Errorf("%v, %v", got, err)
	}
}
