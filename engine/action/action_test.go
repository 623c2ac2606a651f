package action

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/engine/diag"
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
	c.Warn("%d files", len(c.Files("in")))
	return w.Close()
}}

func newExecutor(t *testing.T) (*Executor, *cache.Disk) {
	t.Helper()
	store, err := cache.OpenDisk(t.TempDir(), func(m string) { t.Log("warning:", m) })
	if err != nil {
		t.Fatal(err)
	}
	return &Executor{Store: store, Actions: store}, store
}

func inline(path, content string) File {
	return File{Path: path, Digest: cache.Of([]byte(content)), Handle: Inline{[]byte(content)}}
}

func concatSpec(files ...File) *Spec {
	return &Spec{Operation: &concat, Params: []byte(`{"suffix":"!"}`), Inputs: []Input{{"in", files}}, Outputs: []string{"out"}}
}

// TestKey pins the key of one action: should it change, every cache is worthless at once.
func TestKey(t *testing.T) {
	key, err := concatSpec(inline("a", "1"), inline("d/b", "2")).Key()
	if err != nil {
		t.Fatal(err)
	}
	if want := "d285225e240582c7693818034036876ac472a08c765b23585ee4d36e13563cc2/141"; key.String() != want {
		t.Errorf("key is %s, want %s", key, want)
	}
}

// TestKeySees: everything that an operation can see is in the key, and nothing else is.
func TestKeySees(t *testing.T) {
	base, err := concatSpec(inline("a", "1"), inline("b", "2")).Key()
	if err != nil {
		t.Fatal(err)
	}
	other := concat
	other.Version++
	exe := inline("a", "1")
	exe.Executable = true
	pattern := inline("a", "1")
	pattern.Pattern = 1
	versioned := concatSpec(inline("a", "1"), inline("b", "2"))
	versioned.Operation = &other
	params := concatSpec(inline("a", "1"), inline("b", "2"))
	params.Params = []byte(`{"suffix":"?"}`)
	outputs := concatSpec(inline("a", "1"), inline("b", "2"))
	outputs.Outputs = []string{"out", "two"}
	for name, s := range map[string]*Spec{
		"content": concatSpec(inline("a", "2"), inline("b", "2")),
		"name":    concatSpec(inline("c", "1"), inline("b", "2")),
		"order":   concatSpec(inline("b", "2"), inline("a", "1")),
		"mode":    concatSpec(exe, inline("b", "2")),
		"pattern": concatSpec(pattern, inline("b", "2")),
		"fewer":   concatSpec(inline("a", "1")),
		"version": versioned, "params": params, "outputs": outputs,
	} {
		if k, err := s.Key(); err != nil || k == base {
			t.Errorf("%s: the key does not change (%v)", name, err)
		}
	}
	same := concatSpec(inline("a", "1"), inline("b", "2"))
	same.Inputs[0].Files[0].Handle = Disk{"/somewhere/else"}
	if k, err := same.Key(); err != nil || k != base {
		t.Errorf("where the bytes lie changes the key (%v)", err)
	}
	if _, err := concatSpec(inline("a", "1"), inline("a", "2")).Key(); err != nil {
		t.Errorf("two files of one name: %v", err)
	}
}

func TestDo(t *testing.T) {
	x, _ := newExecutor(t)
	s := concatSpec(inline("a", "1"), inline("b", "2"))
	for i, cached := range []bool{false, true} {
		r, err := x.Do(context.Background(), s, false)
		if err != nil {
			t.Fatal(err)
		}
		if r.Cached != cached || string(r.Outputs[0].Inline) != "a=1;b=2;!" || len(r.Warnings) != 1 || r.Warnings[0] != "2 files" {
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
		"inline": {Path: "f", Digest: cache.Of([]byte("x")), Handle: Inline{[]byte("y")}},
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
		"writes no output":     func(context.Context, Call) error { return nil },
		"writes another":       func(_ context.Context, c Call) error { _, err := c.Create("other"); return err },
		"does not seal":        func(_ context.Context, c Call) error { _, err := c.Create("out"); return err },
		"writes twice":         func(_ context.Context, c Call) error { c.Create("out"); _, err := c.Create("out"); return err },
		"misreads parameters":  func(_ context.Context, c Call) error { return c.Params(&struct{ Suffix int }{}) },
		"unknown parameter":    func(_ context.Context, c Call) error { return c.Params(&struct{}{}) },
		"reads more than much": func(_ context.Context, c Call) error { _, err := c.Read(c.Files("in")[0], 0); return err },
	} {
		s := concatSpec(inline("a", "1"))
		s.Operation = &Operation{Name: "test.bad", Version: 1, Run: run}
		if r, err := x.Do(context.Background(), s, false); err == nil {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func TestInspect(t *testing.T) {
	x, _ := newExecutor(t)
	c := x.Inspect(context.Background(), concatSpec(inline("a", "1")))
	if b, err := c.Read(c.Files("in")[0], 10); err != nil || string(b) != "1" {
		t.Errorf("%q, %v", b, err)
	}
	if _, err := c.Create("out"); err == nil {
		t.Error("an inspected action can write")
	}
}
