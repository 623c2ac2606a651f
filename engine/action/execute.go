package action

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/cache/reapi"
	"github.com/sbomctl/sbomctl/engine/diag"
)

// Executor brings actions to their results: from the action cache, or by running the operation.
type Executor struct {
	Store   cache.Store
	Actions cache.ActionCache
}

// Result is what an action yields.
type Result struct {
	Key      cache.Digest
	Outputs  []Output // in the order of Spec.Outputs
	Warnings []string // what the operation told the user, also when it was not run now
	Cached   bool     // the action cache had it
}

// Output is one output file of an action.
type Output struct {
	Name   string
	Digest cache.Digest
	Inline []byte // its bytes, when there are at most MaxInline of them; else nil, and they are in the store
}

// Handle says where the output's bytes are.
func (o *Output) Handle() any {
	if o.Inline != nil {
		return Inline{o.Inline}
	}
	return Blob{}
}

// MaxInline is how large an output may be to travel with its action's result. A file of its own in the
// store costs more than this many bytes.
const MaxInline = 8 << 10

// LostError says that a blob which an input names is not in the store any more. The caller
// makes it again and then repeats the action.
type LostError struct{ Digest cache.Digest }

// Error names the blob.
func (e *LostError) Error() string { return "blob " + e.Digest.String() + " is not in the cache" }

// Do returns the result of s. With again it does not look into the action cache: what a
// cached result names was found to be gone.
func (x *Executor) Do(ctx context.Context, s *Spec, again bool) (*Result, error) {
	key, err := s.Key()
	if err != nil {
		return nil, err
	}
	if !again && !s.Operation.Trivial {
		if r := x.lookup(ctx, key, s); r != nil {
			return r, nil
		}
	}
	c := &call{ctx: ctx, x: x, spec: s, outputs: map[string]Output{}, open: map[string]*outputWriter{}}
	err = s.Operation.Run(ctx, c)
	c.abort()
	if err == nil {
		err = c.err
	}
	if err != nil {
		return nil, tidy(err)
	}
	r := &Result{Key: key, Warnings: c.warnings}
	ar := &reapi.ActionResult{Stderr: []byte(strings.Join(c.warnings, "\n"))}
	for _, name := range s.Outputs {
		o, ok := c.outputs[name]
		if !ok {
			return nil, fmt.Errorf("operation %s did not write its output %q", s.Operation.Name, name)
		}
		r.Outputs = append(r.Outputs, o)
		ar.OutputFiles = append(ar.OutputFiles, reapi.OutputFile{Path: name, Digest: o.Digest, Contents: o.Inline})
	}
	if s.Operation.Trivial {
		return r, nil
	}
	if err := x.Actions.PutResult(ctx, key, ar); err != nil {
		return nil, tidy(err)
	}
	return r, nil
}

// Inspect returns a Call over s that can read its inputs and create no output.
func (x *Executor) Inspect(ctx context.Context, s *Spec) Call {
	read := *s
	read.Outputs = nil
	return &call{ctx: ctx, x: x, spec: &read}
}

// lookup returns the cached result under key; nil when there is none, it is not of this
// shape, or a blob that it names is gone.
func (x *Executor) lookup(ctx context.Context, key cache.Digest, s *Spec) *Result {
	ar, err := x.Actions.Get(ctx, key)
	if err != nil || len(ar.OutputFiles) != len(s.Outputs) {
		return nil
	}
	r := &Result{Key: key, Cached: true}
	var stored []cache.Digest
	for i, f := range ar.OutputFiles {
		if f.Path != s.Outputs[i] {
			return nil
		}
		if f.Contents == nil && f.Digest.Size > 0 {
			stored = append(stored, f.Digest)
		}
		o := Output{f.Path, f.Digest, f.Contents}
		if f.Digest.Size == 0 {
			o.Inline = []byte{}
		}
		r.Outputs = append(r.Outputs, o)
	}
	if missing, err := x.Store.Missing(ctx, stored); err != nil || len(missing) > 0 {
		return nil
	}
	if len(ar.Stderr) > 0 {
		r.Warnings = strings.Split(string(ar.Stderr), "\n")
	}
	return r
}

// tidy makes an error of the cache one that a user can read.
func tidy(err error) error {
	var d *diag.Error
	var l diag.List
	var lost *LostError
	var ce *cache.Error
	switch {
	case errors.As(err, &d), errors.As(err, &l), errors.As(err, &lost), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.As(err, &ce):
		return &diag.Error{Msg: ce.Error(), Hints: []string{"--disk_cache=DIR moves the cache"}, Err: err}
	}
	return &diag.Error{Msg: err.Error(), Err: err}
}
