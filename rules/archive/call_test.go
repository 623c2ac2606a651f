package archive

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"testing"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/files"
	"github.com/sbomctl/sbomctl/engine/tree"
	"github.com/sbomctl/sbomctl/rules/spdx"
)

// fakeCall is an action.Call in memory; a file's Handle is its bytes.
type fakeCall struct {
	params  any
	inputs  map[string][]action.File
	outputs map[string]*bytes.Buffer
	sealed  map[string]bool
	discard bool  // do not keep "data"
	full    error // what writing an output fails with
}

func newCall(params any, inputs map[string][]action.File) *fakeCall {
	return &fakeCall{params: params, inputs: inputs, outputs: map[string]*bytes.Buffer{}, sealed: map[string]bool{}}
}

func memFile(path string, content []byte) action.File {
	return action.File{Path: path, Digest: cache.Of(content), Handle: content}
}

func (c *fakeCall) Params(v any) error {
	b, err := json.Marshal(c.params)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

func (c *fakeCall) Files(input string) []action.File { return c.inputs[input] }

func (c *fakeCall) Read(f action.File, _ int64) ([]byte, error) { return f.Handle.([]byte), nil }

func (c *fakeCall) Open(f action.File) (io.ReadCloser, error) {
	if err, ok := f.Handle.(error); ok {
		return io.NopCloser(errReader{err}), nil
	}
	return io.NopCloser(bytes.NewReader(f.Handle.([]byte))), nil
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

func (c *fakeCall) OpenAt(action.File) (action.ReaderAtCloser, error) {
	return nil, fmt.Errorf("not used here")
}

func (c *fakeCall) Create(output string) (io.WriteCloser, error) {
	if c.outputs[output] != nil {
		return nil, fmt.Errorf("%s is created twice", output)
	}
	c.outputs[output] = new(bytes.Buffer)
	return &fakeOutput{c, output}, nil
}

func (c *fakeCall) Warn(string, ...any) {}

type fakeOutput struct {
	c    *fakeCall
	name string
}

func (o *fakeOutput) Write(p []byte) (int, error) {
	if o.c.full != nil {
		return 0, o.c.full
	}
	if o.c.discard && o.name == "data" {
		return len(p), nil
	}
	return o.c.outputs[o.name].Write(p)
}

func (o *fakeOutput) Close() error {
	o.c.sealed[o.name] = true
	return nil
}

// runOn runs archive.index over an archive called name.
func runOn(name string, archive []byte, params IndexParams) (*tree.Index, []byte, error) {
	c := newCall(params, map[string][]action.File{"archive": {memFile(name, archive)}})
	if err := runIndex(context.Background(), c); err != nil {
		return nil, nil, err
	}
	if !c.sealed["data"] || !c.sealed["index"] {
		return nil, nil, fmt.Errorf("outputs were not sealed: %v", c.sealed)
	}
	x, err := tree.Decode(c.outputs["index"].Bytes())
	return x, c.outputs["data"].Bytes(), err
}

// runIndex runs archive.index with the facet that this project's documents need.
func runIndex(ctx context.Context, c *fakeCall) error {
	p := c.params.(IndexParams)
	p.Facet = spdx.Facet.ID()
	c.params = p
	return indexer{spdx.Facet}.run(ctx, c)
}

// checkMembers reads every member back by its offset.
func checkMembers(t testing.TB, x *tree.Index, data []byte) {
	t.Helper()
	if x.DataSize() != int64(len(data)) {
		t.Errorf("data has %d bytes, the index says %d", len(data), x.DataSize())
	}
	h := files.NewHasher(spdx.Facet)
	for e := range x.All() {
		h.Reset()
		if _, err := io.Copy(h, e.Section(bytes.NewReader(data))); err != nil {
			t.Fatal(err)
		}
		s := h.Sum()
		if s.Digest != e.Digest || s.Facet != e.Facet {
			t.Errorf("%s: the bytes at its offset have other checksums", e.Path)
		}
	}
}
