package fetch

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/sbomctl/sbomctl/engine/action"
)

// fakeCall is a Call with parameters and one output, nothing else.
type fakeCall struct {
	params  string
	outputs map[string]*bytes.Buffer
	sealed  bool
	warned  []string
}

func (c *fakeCall) Params(v any) error {
	d := json.NewDecoder(bytes.NewReader([]byte(c.params)))
	d.DisallowUnknownFields()
	return d.Decode(v)
}
func (c *fakeCall) Files(string) []action.File                        { return nil }
func (c *fakeCall) Read(action.File, int64) ([]byte, error)           { return nil, io.EOF }
func (c *fakeCall) Open(action.File) (io.ReadCloser, error)           { return nil, io.EOF }
func (c *fakeCall) OpenAt(action.File) (action.ReaderAtCloser, error) { return nil, io.EOF }
func (c *fakeCall) Warn(format string, args ...any) {
	c.warned = append(c.warned, fmt.Sprintf(format, args...))
}

type fakeOutput struct {
	*bytes.Buffer
	c *fakeCall
}

func (o fakeOutput) Close() error { o.c.sealed = true; return nil }

func (c *fakeCall) Create(output string) (io.WriteCloser, error) {
	if c.outputs == nil {
		c.outputs = map[string]*bytes.Buffer{}
	}
	if c.outputs[output] != nil {
		return nil, fmt.Errorf("%s is created twice", output)
	}
	c.outputs[output] = &bytes.Buffer{}
	return fakeOutput{c.outputs[output], c}, nil
}

func TestOperation(t *testing.T) {
	s := serve(t, whole)
	op := Operation(&Fetcher{})
	if op.Name != "fetch.http" || op.Version != 1 {
		t.Errorf("%s version %d", op.Name, op.Version)
	}
	c := &fakeCall{params: fmt.Sprintf(`{"urls":[%q,%q],"sha256":%q,"size":%d,"name":"py"}`, s.URL+"/", s.URL+"/py", sumOf(content), len(content))}
	if err := op.Run(context.Background(), c); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(c.outputs["file"].Bytes(), content) || !c.sealed {
		t.Error("the output is not the file")
	}
	c = &fakeCall{params: fmt.Sprintf(`{"urls":[%q],"sha256":%q,"size":1,"name":"py"}`, s.URL, sumOf(content))}
	if err := op.Run(context.Background(), c); err == nil || len(c.outputs) != 0 {
		t.Errorf("%v, outputs %v", err, c.outputs)
	}
	empty := serve(t, func(int, http.ResponseWriter, *http.Request) {})
	c = &fakeCall{params: fmt.Sprintf(`{"urls":[%q],"sha256":%q,"size":1,"name":"py"}`, empty.URL, sumOf(nil))}
	if err := op.Run(context.Background(), c); err != nil || c.outputs["file"] == nil || !c.sealed {
		t.Errorf("an empty file: %v", err)
	}
}
