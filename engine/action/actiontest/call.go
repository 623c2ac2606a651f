// Package actiontest has an action.Call in memory, for tests of operations.
package actiontest

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/finding"
)

// Call implements action.Call. The zero Call has no parameters and no inputs; it takes every output, but each only once.
type Call struct {
	Parameters any // encoded as JSON
	Inputs     map[string][]action.File
	Stored     map[[sha256.Size]byte][]byte // what Reuse finds
	Full       error                        // what writing an output fails with; nil: nothing
	Discard    string                       // an output of which nothing is kept

	Outputs  map[string][]byte // those that were sealed
	Findings []finding.Finding // in the order of Report
	Reads    int               // calls of Read

	open map[string]bool
}

// New returns a Call with these parameters.
func New(params any) *Call { return &Call{Parameters: params} }

// Add appends a file to an input.
func (c *Call) Add(input, path string, content []byte) *Call {
	if c.Inputs == nil {
		c.Inputs = map[string][]action.File{}
	}
	c.Inputs[input] = append(c.Inputs[input], File(path, content))
	return c
}

// File is an input file with its bytes.
func File(path string, content []byte) action.File {
	return action.File{Path: path, Digest: cache.Of(content), Handle: content}
}

// Broken is an input file that cannot be read.
func Broken(path string, err error) action.File { return action.File{Path: path, Handle: err} }

// Params implements action.Call.
func (c *Call) Params(v any) error {
	b, err := json.Marshal(c.Parameters)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

// Files implements action.Call.
func (c *Call) Files(input string) []action.File { return c.Inputs[input] }

// Read implements action.Call.
func (c *Call) Read(f action.File, max int64) ([]byte, error) {
	c.Reads++
	if f.Digest.Size > max {
		return nil, fmt.Errorf("%s has %d bytes, at most %d are read", f.Path, f.Digest.Size, max)
	}
	return content(f)
}

// content returns a file's bytes, or why they are not to be had.
func content(f action.File) ([]byte, error) {
	switch h := f.Handle.(type) {
	case []byte:
		return h, nil
	case error:
		return nil, h
	}
	return nil, fmt.Errorf("%s has no content in this test", f.Path)
}

// Open implements action.Call.
func (c *Call) Open(f action.File) (io.ReadCloser, error) {
	b, err := content(f)
	if err != nil {
		return io.NopCloser(broken{err}), nil
	}
	return io.NopCloser(bytes.NewReader(b)), nil
}

type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

// OpenAt implements action.Call.
func (c *Call) OpenAt(f action.File) (action.ReaderAtCloser, error) {
	b, err := content(f)
	if err != nil {
		return nil, err
	}
	return readerAt{bytes.NewReader(b)}, nil
}

type readerAt struct{ *bytes.Reader }

func (readerAt) Close() error { return nil }

// Create implements action.Call.
func (c *Call) Create(output string) (action.Writer, error) {
	if err := c.claim(output); err != nil {
		return nil, err
	}
	c.open[output] = true
	return &writer{c: c, name: output}, nil
}

func (c *Call) claim(output string) error {
	if c.open == nil {
		c.open, c.Outputs = map[string]bool{}, map[string][]byte{}
	}
	if _, sealed := c.Outputs[output]; sealed || c.open[output] {
		return fmt.Errorf("%s is created twice", output)
	}
	return nil
}

// Reuse implements action.Call.
func (c *Call) Reuse(output string, sum [sha256.Size]byte, max int64) (bool, error) {
	if err := c.claim(output); err != nil {
		return false, err
	}
	b, ok := c.Stored[sum]
	if !ok || int64(len(b)) > max {
		return false, nil
	}
	c.Outputs[output] = b
	return true, nil
}

// Report implements action.Call.
func (c *Call) Report(f finding.Finding) { c.Findings = append(c.Findings, f) }

type writer struct {
	c    *Call
	name string
	b    bytes.Buffer
}

func (w *writer) Write(p []byte) (int, error) {
	if w.c.Full != nil {
		return 0, w.c.Full
	}
	if w.c.Discard == w.name {
		return len(p), nil
	}
	return w.b.Write(p)
}

// Close implements action.Writer.
func (w *writer) Close() error {
	if w.c.open[w.name] {
		w.c.open[w.name] = false
		w.c.Outputs[w.name] = append([]byte{}, w.b.Bytes()...)
	}
	return nil
}

// Abort implements action.Writer.
func (w *writer) Abort() { w.c.open[w.name] = false }
