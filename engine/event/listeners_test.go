package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/finding"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const (
	oldHex = "12ab34cd00000000000000000000000000000000000000000000000000000000"
	newHex = "56ef789000000000000000000000000000000000000000000000000000000000"
)

// sample is a build with every type of event, two workers and a hostile name.
func sample() []Event {
	ms := time.Millisecond
	leaf := &Reason{Cause: Input, Name: "Modules/expat/expat.h", Old: oldHex, New: newHex}
	return []Event{
		BuildStarted{Command: "build", Patterns: []string{"//release:all"}},
		Planned{Done: 1, Total: 4},
		NodeStarted{ID: 1, Kind: "action", Name: "Checksums //:expat", Label: "//:expat", At: 1 * ms},
		NodeStarted{ID: 2, Kind: "package", Name: "//evil\x1b[2J\n", At: 1500 * time.Microsecond},
		NodeFinished{ID: 2, Kind: "package", Name: "//evil\x1b[2J\n", Outcome: Ran, Reason: &Reason{Cause: NoTrace}, Digest: newHex, Start: 1500 * time.Microsecond, End: 2 * ms},
		NodeFinished{ID: 1, Kind: "action", Name: "Checksums //:expat", Label: "//:expat", Outcome: Ran, Changed: true, Reason: leaf, Digest: newHex, Key: oldHex + "/142", Start: 1 * ms, End: 4 * ms},
		Warning{Label: "//:pip", Message: "no lock file <here>"},
		NodeStarted{ID: 3, Kind: "action", Name: "SpdxBase //:base_sbom", Label: "//:base_sbom", At: 4 * ms},
		NodeFinished{ID: 3, Kind: "action", Name: "SpdxBase //:base_sbom", Label: "//:base_sbom", Outcome: Ran, Changed: true,
			Reason: &Reason{Cause: Input, Name: "//:expat (Checksums)", Old: oldHex, New: newHex, From: leaf}, Digest: oldHex, Start: 4 * ms, End: 5 * ms},
		NodeFinished{ID: 4, Kind: "action", Name: "Deps //:deps", Label: "//:deps", Outcome: Cached, Changed: true, Reason: &Reason{Cause: Attribute, Name: "version", Old: "1.0", New: "1.1"}, Start: 5 * ms, End: 5 * ms},
		NodeFinished{ID: 5, Kind: "action", Name: "Sbom //:win", Label: "//:win", Outcome: Failed, Reason: &Reason{Cause: Lost}, Start: 5 * ms, End: 6 * ms,
			Err: diag.List{&diag.Error{Pos: diag.Pos{File: "BUILD.star", Line: 3, Col: 1}, Label: "//:win", Msg: "no version", Hints: []string{"set version"}}, errors.New("other")}},
		NodeFinished{ID: 6, Kind: "target", Name: "//:x", Label: "//:x", Outcome: Abandoned, Start: 5 * ms, End: 6 * ms, Err: errors.New("abandoned")},
		Found{Finding: finding.Finding{Rule: "evidence", Severity: finding.Error, Label: "//:expat", Pos: diag.Pos{File: "tree.tgz!Modules/expat/expat.h", Line: 7}, Path: "Modules/expat/expat.h",
			Attr: "version", Msg: "another version", Declared: "1.0", Found: "1.1", Hints: []string{"set it"}, Fix: &finding.Fix{Attr: "version", Value: "1.1"}},
			Declaration: diag.Pos{File: "BUILD.star", Line: 3, Col: 5}},
		Found{Finding: finding.Finding{Rule: "print", Severity: finding.Warning, Msg: "hello"}},
		OutputReady{Label: "//:base_sbom", Path: "sbom-out/base_sbom.spdx.json", Digest: oldHex + "/7", Written: true},
		BuildFinished{Ran: 2, Cached: 1, Failed: 1, UpToDate: 9, Waived: 3, Elapsed: 7 * ms, Err: errors.New("other"), Interrupted: true},
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; got:\n%s\nwant:\n%s", path, got, want)
	}
}

type closer interface {
	Listener
	Close() error
}

func TestListenersGolden(t *testing.T) {
	var explain, events, trace bytes.Buffer
	listeners := []closer{NewExplain(&explain), NewJSON(&events), NewTrace(&trace)}
	for _, l := range listeners {
		for _, e := range sample() {
			l.Handle(e)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	golden(t, "explain.txt", explain.Bytes())
	golden(t, "events.ndjson", events.Bytes())
	golden(t, "trace.json", trace.Bytes())

	for _, line := range bytes.Split(bytes.TrimSpace(events.Bytes()), []byte("\n")) {
		var v struct{ Type string }
		if err := json.Unmarshal(line, &v); err != nil || v.Type == "" {
			t.Errorf("not an object with a type: %s (%v)", line, err)
		}
	}
	var v struct{ TraceEvents []traceEvent }
	if err := json.Unmarshal(trace.Bytes(), &v); err != nil || len(v.TraceEvents) != 8 {
		t.Errorf("trace: %d events, %v", len(v.TraceEvents), err)
	}
}

func TestListenersOfNothing(t *testing.T) {
	var explain, trace bytes.Buffer
	if err := NewExplain(&explain).Close(); err != nil || explain.Len() != 0 {
		t.Errorf("explain: %q, %v", explain.String(), err)
	}
	if err := NewTrace(&trace).Close(); err != nil || !json.Valid(trace.Bytes()) {
		t.Errorf("trace: %q, %v", trace.String(), err)
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestListenersReportWriteErrors(t *testing.T) {
	for _, l := range []closer{NewExplain(fullDisk{}), NewJSON(fullDisk{}), NewTrace(fullDisk{})} {
		for range 2000 {
			l.Handle(NodeFinished{Kind: "action", Name: "x", Outcome: Ran})
		}
		if err := l.Close(); err == nil {
			t.Errorf("%T swallowed the error", l)
		}
	}
}

func TestTraceLanesNeverOverlap(t *testing.T) {
	spans := []span{{start: 0, end: 10}, {start: 1, end: 3}, {start: 2, end: 4}, {start: 3, end: 4}, {start: 3, end: 12}, {start: 10, end: 11}, {start: 12, end: 12}}
	got := assignLanes(spans)
	want := []int{0, 0, 1, 0, 2, 0, 0}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("lanes %v, want %v", got, want)
		}
	}
}

func TestReasonText(t *testing.T) {
	long := strings.Repeat("a", 100)
	leaf := &Reason{Cause: Input, Name: "f", Old: oldHex, New: newHex}
	for _, c := range []struct {
		r    *Reason
		want string
	}{
		{nil, "reason not recorded"},
		{&Reason{Cause: NoTrace}, "not built before"},
		{leaf, "input f changed 12ab34cd -> 56ef7890"},
		{&Reason{Cause: Input, Name: "option epoch", Old: "1\x1b", New: "1600000000"}, `input option epoch changed "1\x1b" -> "1600000000"`},
		{&Reason{Cause: Input, Name: "f", New: newHex}, "input f is new: 56ef7890"},
		{&Reason{Cause: Input, Name: "f", Old: oldHex}, "input f is gone: 12ab34cd"},
		{&Reason{Cause: Input, Name: "f"}, "input f changed"},
		{&Reason{Cause: Input, Name: "m", Old: oldHex, New: newHex, From: &Reason{Cause: Input, Name: "n", From: leaf}},
			"input m changed 12ab34cd -> 56ef7890, because input f changed 12ab34cd -> 56ef7890"},
		{&Reason{Cause: Input, Name: "m", Old: oldHex, New: newHex, From: &Reason{Cause: Input, Name: "//:t", Old: oldHex, New: newHex,
			From: &Reason{Cause: Attribute, Name: "version", Old: "1", New: "2", From: leaf}}},
			`input m changed 12ab34cd -> 56ef7890, because attribute version of //:t changed "1" -> "2"`},
		{&Reason{Cause: Attribute, Name: "version", Old: "1", New: "2\n"}, `attribute version changed "1" -> "2\n"`},
		{&Reason{Cause: Attribute, Name: "srcs", Old: long + "b", New: long + "c"},
			`attribute srcs changed ..."aaaaaaaaaaaaaaaaaaaab" -> ..."aaaaaaaaaaaaaaaaaaaac"`},
		{&Reason{Cause: Attribute, Name: "srcs", Old: long, New: "b" + long}, `attribute srcs changed "` + long[:60] + `"... -> "b` + long[:59] + `"...`},
		{&Reason{Cause: Attribute, Name: "srcs", Old: long, New: long[:50]}, `attribute srcs changed ..."` + long[:60] + `"... -> "` + long[:50] + `"`},
		{&Reason{Cause: Lost, Name: "x.json"}, "output x.json is gone from the cache"},
		{&Reason{Cause: Forced}, "the engine was replaced"},
	} {
		if got := c.r.Brief(); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

func TestTitle(t *testing.T) {
	for _, c := range []struct{ label, name, want string }{
		{"//:expat", "Checksums //:expat", "//:expat (Checksums)"},
		{"//:expat", "//:expat", "//:expat"},
		{"//:expat", "", "//:expat"},
		{"", "BUILD.star", "BUILD.star"},
		{"//:a", "two words", "//:a (two words)"},
	} {
		if got := Title(c.label, c.name); got != c.want {
			t.Errorf("Title(%q, %q) = %q, want %q", c.label, c.name, got, c.want)
		}
	}
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"plain //:a": "plain //:a", "é漢": "é漢", "\x1b[2J": `\x1b[2J`, "a\nb\tc": `a\nb\tc`,
		"\xff": `\xff`, "\u202e": `\u202e`, "\ufffd": "\ufffd", "a\u200bb": `a\u200bb`, "\u009b": `\u009b`, `"\`: `"\`,
	} {
		if got := Printable(in); got != want {
			t.Errorf("Printable(%q) = %q, want %q", in, got, want)
		}
	}
}
