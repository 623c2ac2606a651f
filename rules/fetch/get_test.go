package fetch

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestGet(t *testing.T) {
	s := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/ok":
			io.WriteString(w, "1234")
		case "/long":
			io.WriteString(w, "12345")
		case "/busy":
			w.WriteHeader(http.StatusTooManyRequests)
		case "/cut":
			w.Header().Set("Content-Length", "4")
			io.WriteString(w, "12")
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		default:
			http.NotFound(w, r)
		}
	})
	var w waits
	f := w.fetcher()
	for path, want := range map[string]string{
		"/ok":   "",
		"/long": "/long has more than 4 bytes",
		"/busy": "answered with status 429 (Too Many Requests)",
		"/cut":  "/cut was cut off after 2 of 4 bytes",
		"/none": "/none does not exist (status 404)",
	} {
		b, err := f.Get(context.Background(), s.URL+path, 4)
		if want == "" && (err != nil || string(b) != "1234") {
			t.Errorf("%s: %q, %v", path, b, err)
		}
		if want != "" && (err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "distdir")) {
			t.Errorf("%s: %v, expected %s", path, err, want)
		}
		if errors.Is(err, ErrNotFound) != (path == "/none") {
			t.Errorf("%s: not found is %v", path, errors.Is(err, ErrNotFound))
		}
	}
	if _, err := f.Get(context.Background(), "file:///etc/passwd", 4); err == nil || err.Error() != `"file:///etc/passwd" is not an http or https URL` {
		t.Errorf("file: %v", err)
	}
}
