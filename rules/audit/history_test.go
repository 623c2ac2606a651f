package audit

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sbomctl/sbomctl/rules/pin"
)

const (
	digest1 = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
	digest2 = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// saw is what an audit saw after some hours: the digest of the tag, "gone", or "" when that is unknown.
func saw(hours int, seen string) []Record {
	r := Result{Image: pin.Image{Repository: "r/a", Tag: "1", Digest: digest1}, Asked: seen != ""}
	if seen != "gone" {
		r.Tag = seen
	}
	for l := range r.Verdicts {
		r.Verdicts[l] = Verdict{Level: l, Outcome: NotTried}
	}
	r.Verdicts[Tag].Outcome = map[string]Outcome{digest1: Proven, "": Inconclusive}[seen]
	if r.Verdicts[Tag].Outcome == "" {
		r.Verdicts[Tag].Outcome = Found
	}
	return Records([]Result{r}, noon.Add(time.Duration(hours)*time.Hour))
}

func history(t *testing.T) *History {
	return &History{Path: filepath.Join(t.TempDir(), "below", HistoryName), Warn: func(m string) { t.Helper(); t.Errorf("warned: %s", m) }}
}

func (h *History) must(t *testing.T, records []Record) {
	t.Helper()
	if err := h.Append(context.Background(), records); err != nil {
		t.Fatal(err)
	}
}

// lines returns what is in the file, in short.
func (h *History) lines(t *testing.T) string {
	t.Helper()
	records, err := h.Read()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range records {
		seen := map[string]string{digest1: "one", digest2: "two", "": "unknown"}[r.Seen]
		if r.Gone {
			seen = "gone"
		}
		out = append(out, fmt.Sprintf("%d:%s", int(r.Time.Sub(noon).Hours()), seen))
	}
	return strings.Join(out, " ")
}

// TestAppend: a line is added when something changed, and when the last one is a day old.
func TestAppend(t *testing.T) {
	h := history(t)
	if got := h.lines(t); got != "" {
		t.Errorf("no file has %q", got)
	}
	for _, step := range []struct {
		hours int
		seen  string
	}{{0, digest1}, {1, digest1}, {23, digest1}, {24, digest1}, {30, digest1}, {31, digest2}, {32, digest2}, {33, "gone"}, {34, ""}, {35, ""}, {36, digest1}, {20, digest1}} {
		h.must(t, saw(step.hours, step.seen))
	}
	if got, want := h.lines(t), "0:one 24:one 31:two 33:gone 34:unknown 36:one 20:one"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	records, err := h.Read()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range Stretches(records)[0] {
		got = append(got, fmt.Sprintf("%d-%d %t %d", int(s.First.Sub(noon).Hours()), int(s.Last.Sub(noon).Hours()), s.Pinned, len(s.Seen)))
	}
	if want := []string{"0-24 true 71", "31-31 false 71", "33-33 false 0", "36-20 true 71"}; !reflect.DeepEqual(got, want) {
		t.Errorf("stretches: %q, want %q", got, want)
	}
}

// TestTorn: what a writer that was killed has begun stays, and nothing is added to it.
func TestTorn(t *testing.T) {
	h := history(t)
	h.must(t, saw(0, digest1))
	whole, err := os.ReadFile(h.Path)
	if err != nil {
		t.Fatal(err)
	}
	warned := 0
	h.Warn = func(m string) {
		warned++
		if !strings.Contains(m, "passed over 1 line that") {
			t.Errorf("%s", m)
		}
	}
	for cut := range whole {
		if err := os.WriteFile(h.Path, whole[:cut], 0o666); err != nil {
			t.Fatal(err)
		}
		h.must(t, saw(1, digest2))
		after, err := os.ReadFile(h.Path)
		if err != nil || !strings.HasPrefix(string(after), string(whole[:cut])) {
			t.Fatalf("cut at %d: %q, %v", cut, after, err)
		}
		want := "1:two"
		if cut == len(whole)-1 {
			want = "0:one 1:two" // but for the end of its line, it is whole
		}
		if got := h.lines(t); got != want {
			t.Errorf("cut at %d: got %s, want %s", cut, got, want)
		}
	}
	if warned != len(whole)-2 {
		t.Errorf("warned %d times of %d", warned, len(whole)-2)
	}
}

// TestTwoAudits: lines of audits that run at once are whole, and each is there once.
func TestTwoAudits(t *testing.T) {
	h := history(t)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			r := saw(0, digest1)
			r[0].Image = fmt.Sprint("r/", i/2)
			if err := h.Append(context.Background(), r); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	records, err := h.Read()
	if err != nil || len(records) != 4 {
		t.Errorf("%d lines, %v", len(records), err)
	}
}

// TestLong: of a file that is too large the end is read, and a line that is too long is none.
func TestLong(t *testing.T) {
	h := history(t)
	h.must(t, saw(0, digest1))
	f, err := os.OpenFile(h.Path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(strings.Repeat("x", 3*maxLine) + "\n"); err != nil {
		t.Fatal(err)
	}
	h.Warn = func(string) {}
	if got := h.lines(t); got != "0:one" {
		t.Errorf("beside a long line: %s", got)
	}
	if err := f.Truncate(maxHistory + 1<<20); err != nil { // a hole
		t.Skip(err)
	}
	f.Close()
	h.must(t, saw(1, digest2))
	if got := h.lines(t); got != "1:two" {
		t.Errorf("of a large file: %s", got)
	}
}

// TestUnfit: what is no ordinary file is neither read nor written.
func TestUnfit(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege")
	}
	dir := t.TempDir()
	h := &History{Path: filepath.Join(dir, HistoryName)}
	if err := os.Symlink(filepath.Join(dir, "elsewhere"), h.Path); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Read(); err == nil {
		t.Error("a link is read")
	}
	if err := h.Append(context.Background(), saw(0, digest1)); err == nil {
		t.Error("a link is written to")
	}
	if _, err := os.Lstat(filepath.Join(dir, "elsewhere")); err == nil {
		t.Error("a link was followed")
	}
}

func FuzzParseRecord(f *testing.F) {
	f.Add([]byte(`{"schema":1,"time":"2026-11-25T12:00:00Z","image":"r/a","tag":"1","seen":"` + digest1 + `","verdicts":{"tag":"proven"}}`))
	f.Add([]byte(`{"schema":1`))
	f.Add([]byte(`{"schema":1,"time":"9999999-01-01T00:00:00Z","image":"\u001b","seen":"sha256:x"}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		r, ok := parseRecord(line)
		if ok && (r.Image == "" || r.Seen != "" && len(r.Seen) != len(digest1)) {
			t.Errorf("%+v", r)
		}
		if !ok && !reflect.DeepEqual(r, Record{}) {
			t.Errorf("%q is none, and yields %+v", line, r)
		}
		Stretches([]Record{r, r})
	})
}
