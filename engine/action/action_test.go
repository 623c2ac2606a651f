package action

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/cache/reapi"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/finding"
)

// concat writes its input files one after the other, each with its path before it.
var concat = Operation{Name: "test.concat", Version: 1, Run: func(_ context.Context, c Call) error {
	var p struct {
		Suffix string `json:"suffix"`
	}
	if err := c.Params(&p); err != nil {
		return err
	}
	w, err := c.Create("out")
	if err != nil {
		return err
	}
	for _, f := range c.Files("in") {
		b, err := c.Read(f, 1<<20)
		if err != nil {
			return err
		}
		io.WriteString(w, f.Path+"="+string(b)+";")
	}
	io.WriteString(w, p.Suffix)
	c.Report(finding.Finding{Rule: "test", Severity: finding.Note, Msg: fmt.Sprintf("%d files", len(c.Files("in")))})
	return w.Close()
}}

func newExecutor(t *testing.T) (*Executor, *cache.Disk) {
	t.Helper()
	store, err := cache.OpenDisk(t.TempDir(), func(m string) { t.Log("warning:", m) })
	if err != nil {
		t.Fatal(err)
	}
	return &Executor{Store: store, Actions: store, Runner: &InProcess{store, map[string]*Operation{concat.Name: &concat}}}, store
}

func inline(path, content string) File {
	return File{Path: path, Digest: cache.Of([]byte(content)), Handle: Inline{Bytes: []byte(content)}}
}

func concatSpec(files ...File) *Spec {
	return &Spec{Operation: concat.Identity(), Params: []byte(`{"suffix":"!"}`), Inputs: []Input{{"in", files}}, Outputs: []string{"out"}}
}

func TestDo(t *testing.T) {
	x, _ := newExecutor(t)
	s := concatSpec(inline("a", "1"), inline("b", "2"))
	for i, cached := range []bool{false, true} {
		r, err := x.Do(context.Background(), s, false)
		if err != nil {
			t.Fatal(err)
		}
		if r.Cached != cached || string(r.Outputs[0].Inline) != "a=1;b=2;!" || len(r.Findings) != 1 || r.Findings[0].Msg != "2 files" {
			t.Errorf("run %d: %+v", i, r)
		}
	}
	if r, err := x.Do(context.Background(), s, true); err != nil || r.Cached {
		t.Errorf("asked to do it again: %+v, %v", r, err)
	}
}

// TestWhereBytesLie reads one file from each of the places.
func TestWhereBytesLie(t *testing.T) {
	x, store := newExecutor(t)
	blob, err := store.Put(context.Background(), []byte("blob"))
	if err != nil {
		t.Fatal(err)
	}
	data, err := store.Put(context.Background(), []byte("..member.."))
	if err != nil {
		t.Fatal(err)
	}
	disk := filepath.Join(t.TempDir(), "disk")
	if err := os.WriteFile(disk, []byte("disk"), 0o666); err != nil {
		t.Fatal(err)
	}
	s := concatSpec(
		File{Path: "1", Digest: blob, Handle: Blob{}},
		File{Path: "2", Digest: cache.Of([]byte("member")), Handle: Member{data, 2}},
		File{Path: "3", Digest: cache.Of([]byte("disk")), Handle: Disk{disk}},
		inline("4", "inline"))
	r, err := x.Do(context.Background(), s, false)
	if err != nil || string(r.Outputs[0].Inline) != "1=blob;2=member;3=disk;4=inline;!" {
		t.Fatalf("%+v, %v", r, err)
	}

	// Bytes that are not those of the digest are never handed on.
	for name, f := range map[string]File{
		"disk":   {Path: "f", Digest: cache.Of([]byte("desk")), Handle: Disk{disk}},
		"gone":   {Path: "f", Digest: cache.Of([]byte("disk")), Handle: Disk{disk + "x"}},
		"member": {Path: "f", Digest: cache.Of([]byte("member")), Handle: Member{data, 1}},
		"inline": {Path: "f", Digest: cache.Of([]byte("x")), Handle: Inline{Bytes: []byte("y")}},
	} {
		_, err := x.Do(context.Background(), concatSpec(f), false)
		var d *diag.Error
		if !errors.As(err, &d) || !strings.Contains(d.Msg, "changed while") {
			t.Errorf("%s: %v", name, err)
		}
	}
	var lost *LostError
	gone := cache.Of([]byte("never stored"))
	if _, err := x.Do(context.Background(), concatSpec(File{Path: "f", Digest: gone, Handle: Blob{}}), false); !errors.As(err, &lost) || lost.Digest != gone {
		t.Errorf("a blob that is gone: %v", err)
	}
}

// TestOpenAt: random access to a file on disk, be it larger than what is held in memory, is to the bytes that were checked.
func TestOpenAt(t *testing.T) {
	_, store := newExecutor(t)
	big := bytes.Repeat([]byte("0123456789abcdef"), maxInMemory/16)
	for name, b := range map[string][]byte{"small": []byte("content"), "large": append(big, "tail"...)} {
		file := filepath.Join(t.TempDir(), "disk")
		if err := os.WriteFile(file, b, 0o666); err != nil {
			t.Fatal(err)
		}
		call := (&InProcess{Store: store}).Inspect(context.Background(), &Spec{})
		r, err := call.OpenAt(File{Path: "f", Digest: cache.Of(b), Handle: Disk{file}})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("others"), 0o666); err != nil {
			t.Fatal(err)
		}
		var tail [4]byte
		if _, err := r.ReadAt(tail[:], int64(len(b)-4)); err != nil || string(tail[:]) != string(b[len(b)-4:]) {
			t.Errorf("%s: %q, %v", name, tail, err)
		}
		r.Close()
		var d *diag.Error
		if _, err := call.OpenAt(File{Path: "f", Digest: cache.Of(b), Handle: Disk{file}}); !errors.As(err, &d) || !strings.Contains(d.Msg, "changed while") {
			t.Errorf("%s, changed: %v", name, err)
		}
	}
}

// A link and an empty folder are other inputs than a file with the same bytes.
func TestKeyTellsLinks(t *testing.T) {
	key := func(change func(f *File)) cache.Digest {
		f := inline("a", "x")
		change(&f)
		k, err := concatSpec(f).Key()
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	file, link, folder := key(func(*File) {}), key(func(f *File) { f.Link = "x" }), key(func(f *File) { f.Folder = true })
	if file == link || file == folder || link == folder {
		t.Error("two of them have one key")
	}
}

// TestLargeOutput: an output that is too large to travel with the result is in the store, and a
// result that names a blob which is gone is no result.
func TestLargeOutput(t *testing.T) {
	x, store := newExecutor(t)
	big := strings.Repeat("x", MaxInline)
	s := concatSpec(inline("a", big))
	r, err := x.Do(context.Background(), s, false)
	if err != nil {
		t.Fatal(err)
	}
	o := r.Outputs[0]
	if b, err := store.ReadAll(context.Background(), o.Digest, 1<<20); err != nil || string(b) != "a="+big+";!" || o.Inline != nil {
		t.Fatalf("%v", err)
	}
	if r, err := x.Do(context.Background(), s, false); err != nil || !r.Cached {
		t.Errorf("not cached: %v", err)
	}
	if err := os.RemoveAll(filepath.Join(store.Dir(), "v1", "cas")); err != nil {
		t.Fatal(err)
	}
	if r, err := x.Do(context.Background(), s, false); err != nil || r.Cached {
		t.Errorf("found in the cache without its blob: %v", err)
	}
}

// TestContract: what an operation does wrong is an error, not a wrong result.
func TestContract(t *testing.T) {
	x, _ := newExecutor(t)
	for name, run := range map[string]func(context.Context, Call) error{
		"writes no output": func(context.Context, Call) error { return nil },
		"writes another":   func(_ context.Context, c Call) error { _, err := c.Create("other"); return err },
		"aborts":           func(_ context.Context, c Call) error { w, _ := c.Create("out"); w.Abort(); return w.Close() },
		"finds nonsense": func(_ context.Context, c Call) error {
			c.Report(finding.Finding{Rule: "test", Severity: finding.Error})
			w, _ := c.Create("out")
			return w.Close()
		},
		"does not seal":        func(_ context.Context, c Call) error { _, err := c.Create("out"); return err },
		"writes twice":         func(_ context.Context, c Call) error { c.Create("out"); _, err := c.Create("out"); return err },
		"misreads parameters":  func(_ context.Context, c Call) error { return c.Params(&struct{ Suffix int }{}) },
		"unknown parameter":    func(_ context.Context, c Call) error { return c.Params(&struct{}{}) },
		"reads more than much": func(_ context.Context, c Call) error { _, err := c.Read(c.Files("in")[0], 0); return err },
	} {
		s := concatSpec(inline("a", "1"))
		bad := Operation{Name: "test.bad", Version: 1, Run: run}
		s.Operation = bad.Identity()
		x.Runner.(*InProcess).Operations[bad.Name] = &bad
		if r, err := x.Do(context.Background(), s, false); err == nil {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func TestInspect(t *testing.T) {
	x, _ := newExecutor(t)
	c := x.Runner.(*InProcess).Inspect(context.Background(), concatSpec(inline("a", "1")))
	if b, err := c.Read(c.Files("in")[0], 10); err != nil || string(b) != "1" {
		t.Errorf("%q, %v", b, err)
	}
	if _, err := c.Create("out"); err == nil {
		t.Error("an inspected action can write")
	}
}

// TestForeignResult: what an action cache holds is a result only when it is a success of this shape.
func TestForeignResult(t *testing.T) {
	x, store := newExecutor(t)
	s := concatSpec(inline("a", "1"))
	key, err := s.Key()
	if err != nil {
		t.Fatal(err)
	}
	file := reapi.OutputFile{Path: "out", Digest: cache.Of([]byte("x")), Contents: []byte("x")}
	executable := file
	executable.Executable = true
	other := file
	other.Path = "other"
	for name, ar := range map[string]*reapi.ActionResult{
		"failed":     {OutputFiles: []reapi.OutputFile{file}, ExitCode: 1},
		"no output":  {},
		"more":       {OutputFiles: []reapi.OutputFile{file, other}},
		"other":      {OutputFiles: []reapi.OutputFile{other}},
		"executable": {OutputFiles: []reapi.OutputFile{executable}},
		"findings":   {OutputFiles: []reapi.OutputFile{file}, Stdout: []byte("hello")},
	} {
		if err := store.PutResult(context.Background(), key, ar); err != nil {
			t.Fatal(err)
		}
		if r, err := x.Do(context.Background(), s, false); err != nil || r.Cached {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
	if err := store.PutResult(context.Background(), key, &reapi.ActionResult{OutputFiles: []reapi.OutputFile{file}}); err != nil {
		t.Fatal(err)
	}
	if r, err := x.Do(context.Background(), s, false); err != nil || !r.Cached || string(r.Outputs[0].Inline) != "x" {
		t.Errorf("%+v, %v", r, err)
	}
}

// exits is a Runner whose actions end with its code.
type exits int32

func (e exits) Run(context.Context, *Spec) (*reapi.ActionResult, error) {
	return &reapi.ActionResult{ExitCode: int32(e), Stdout: []byte("it "), Stderr: []byte("broke\n"),
		OutputFiles: []reapi.OutputFile{{Path: "out", Digest: cache.Of(nil), Executable: true}}}, nil
}

// TestRunner: how an action is run is another's business, and a failure is not kept.
func TestRunner(t *testing.T) {
	x, _ := newExecutor(t)
	s := &Spec{Command: []string{"cc"}, Platform: []reapi.Property{{Name: "OSFamily", Value: "linux"}}, Outputs: []string{"out"}}
	if _, err := x.Do(context.Background(), s, false); err == nil || !strings.Contains(err.Error(), "there is nothing here that runs commands") {
		t.Errorf("got %v", err)
	}
	x.Commands = exits(3)
	if _, err := x.Do(context.Background(), s, false); err == nil || err.Error() != "command cc ended with exit code 3\n  | it broke" {
		t.Errorf("got %v", err)
	}
	x.Commands = exits(0)
	if r, err := x.Do(context.Background(), s, false); err != nil || r.Cached {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err := x.Do(context.Background(), s, false); err != nil || !r.Cached || !r.Outputs[0].Executable || len(r.Findings) > 0 {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestTail: the end of a log is a few lines, however long it is.
func TestTail(t *testing.T) {
	for log, want := range map[string]string{
		"":                                  "",
		"\n\n":                              "",
		"a\tb\r\nc\n\n":                     "a        b|c",
		strings.Repeat("x\n", 20):           strings.TrimSuffix(strings.Repeat("x|", 20), "|"),
		strings.Repeat("x\n", 21):           "..." + strings.Repeat("|x", 20),
		strings.Repeat("x", 10_000):         "...|" + strings.Repeat("x", tailBytes),
		strings.Repeat("y", 10_000) + "\nz": "...|z",
	} {
		if got := strings.Join(Tail([]byte(log)), "|"); got != want {
			t.Errorf("%.20q: got %.60q, want %.60q", log, got, want)
		}
	}
}

// TestNotInProcess: what this process cannot do is refused, not left out.
func TestNotInProcess(t *testing.T) {
	x, _ := newExecutor(t)
	for name, change := range map[string]func(*Spec){
		"command":     func(s *Spec) { s.Operation, s.Params, s.Command = Version{}, nil, []string{"cc"} },
		"environment": func(s *Spec) { s.Environment = []reapi.Property{{Name: "A", Value: "b"}} },
		"platform":    func(s *Spec) { s.Platform = []reapi.Property{{Name: "A", Value: "b"}} },
		"timeout":     func(s *Spec) { s.Timeout = 1 },
		"version":     func(s *Spec) { s.Operation.Number++ },
		"operation":   func(s *Spec) { s.Operation.Name = "none" },
	} {
		s := concatSpec(inline("a", "1"))
		change(s)
		if r, err := x.Do(context.Background(), s, false); err == nil {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// TestAside: parameters aside reach the operation, and neither the key nor the cache.
func TestAside(t *testing.T) {
	x, _ := newExecutor(t)
	var seen []string
	op := Operation{Name: "test.aside", Version: 1, Run: func(_ context.Context, c Call) error {
		var p struct{ A, B string }
		if err := c.Params(&p); err != nil {
			return err
		}
		seen = append(seen, p.A+p.B)
		w, _ := c.Create("out")
		return w.Close()
	}}
	x.Runner.(*InProcess).Operations[op.Name] = &op
	for _, aside := range []string{`{"b":"1"}`, `{"b":"2"}`} {
		s := &Spec{Operation: op.Identity(), Params: []byte(`{"a":"x"}`), Aside: []byte(aside), Outputs: []string{"out"}}
		if _, err := x.Do(context.Background(), s, false); err != nil {
			t.Fatal(err)
		}
	}
	if len(seen) != 1 || seen[0] != "x1" {
		t.Errorf("ran with %q", seen)
	}
}

// TestReuse: bytes that the store has already become an output, unless they are damaged or too many.
func TestReuse(t *testing.T) {
	x, store := newExecutor(t)
	d, err := store.Put(context.Background(), []byte("known"))
	if err != nil {
		t.Fatal(err)
	}
	var reused bool
	var max int64
	op := Operation{Name: "test.reuse", Version: 1, Run: func(_ context.Context, c Call) (err error) {
		if reused, err = c.Reuse("out", d.Hash, max); err != nil || reused {
			return err
		}
		w, err := c.Create("out")
		if err != nil {
			return err
		}
		io.WriteString(w, "dropped")
		w.Abort()
		if w, err = c.Create("out"); err != nil {
			return err
		}
		io.WriteString(w, "made")
		return w.Close()
	}}
	x.Runner.(*InProcess).Operations[op.Name] = &op
	s := &Spec{Operation: op.Identity(), Outputs: []string{"out"}, NoCache: true}
	for _, c := range []struct {
		max  int64
		want cache.Digest
	}{{5, d}, {4, cache.Of([]byte("made"))}} {
		max = c.max
		if r, err := x.Do(context.Background(), s, false); err != nil || r.Outputs[0].Digest != c.want {
			t.Errorf("at most %d: %+v, %v", max, r, err)
		}
	}
	max = 5
	name := filepath.Join(store.Dir(), "v1", "cas", d.Hex()[:2], d.Hex())
	if err := os.Chmod(name, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte("other"), 0o666); err != nil {
		t.Fatal(err)
	}
	if r, err := x.Do(context.Background(), s, false); err != nil || reused {
		t.Errorf("damaged bytes: %+v, %v", r, err)
	}
}
