package retry

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"syscall"
	"testing"
	"time"
)

var now = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func TestPassing(t *testing.T) {
	for status, want := range map[int]bool{200: false, 400: false, 403: false, 404: false, 408: true, 416: false, 429: true, 500: true, 501: false, 502: true,
		503: true, 504: true, 505: false, 511: false, 522: true, 599: true, 600: false} {
		if got := Passing(status); got != want {
			t.Errorf("%d: %v", status, got)
		}
	}
}

func TestDelay(t *testing.T) {
	for _, tt := range []struct {
		n     int
		after time.Duration
		want  time.Duration
		give  bool
	}{
		{1, 0, FirstWait, false}, {2, 0, 2 * FirstWait, false}, {3, 0, 4 * FirstWait, false}, {4, 0, 0, true}, {5, 0, 0, true},
		{1, 7 * time.Second, 7 * time.Second, false}, {3, MaxWait, MaxWait, false}, {1, MaxWait + 1, 0, true}, {4, time.Second, 0, true},
	} {
		if d, give := Delay(tt.n, tt.after); d != tt.want || give != tt.give {
			t.Errorf("%d, %v: %v, %v", tt.n, tt.after, d, give)
		}
	}
}

func TestAfter(t *testing.T) {
	for header, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, " 7 ": 7 * time.Second, "0": 0, "soon": 0, "-1": 0, "1.5": 0, "99999999999999999999": maxAfter,
		now.Add(9 * time.Second).Format(http.TimeFormat): 9 * time.Second, now.Add(-time.Hour).Format(http.TimeFormat): 0,
		"Wednesday, 25-Nov-26 12:01:00 GMT": time.Minute, "Wed Nov 25 12:00:30 2026": 30 * time.Second, // the older forms (RFC 9110, 5.6.7)
	} {
		if got := After(header, now); got != want {
			t.Errorf("%q: %v, expected %v", header, got, want)
		}
	}
}

func TestReset(t *testing.T) {
	if !Reset(fmt.Errorf("x: %w", syscall.ECONNRESET)) || !Reset(fmt.Errorf("x: %w", io.EOF)) || Reset(syscall.ECONNREFUSED) || Reset(nil) {
		t.Error("wrong")
	}
}

func TestWait(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Wait(ended, time.Hour); err != context.Canceled {
		t.Errorf("got %v", err)
	}
	if err := Wait(t.Context(), 1); err != nil {
		t.Errorf("got %v", err)
	}
}

func FuzzAfter(f *testing.F) {
	for _, s := range []string{"", "1", "-1", "99999999999999999999", "Wed, 25 Nov 2026 12:00:09 GMT", "1.5", " 7 "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d := After(s, now); d < 0 || d > maxAfter {
			t.Errorf("%q: %v", s, d)
		}
	})
}
