package action

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/cache/reapi"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/finding"
)

// Executor brings actions to their results: from the action cache, or by one of its Runners.
type Executor struct {
	Store    cache.Store
	Actions  cache.ActionCache
	Runner   Runner // of operations
	Commands Runner // of commands; nil when there is none
}

// Runner says how an action is run.
type Runner interface {
	// Run returns the result of s. Outputs whose bytes do not come with it are in the store. An error is for a
	// user; an action that ran and failed has an exit code instead.
	Run(ctx context.Context, s *Spec) (*reapi.ActionResult, error)
}

// Result is what an action yields.
type Result struct {
	Key      cache.Digest
	Outputs  []Output          // in the order of Spec.Outputs
	Findings []finding.Finding // canonical
	Cached   bool              // the action cache had it
}

// Output is one output file of an action.
type Output struct {
	Name   string
	Digest cache.Digest
	Inline []byte // its bytes, when there are at most MaxInline of them; else nil, and they are in the store

	Executable bool // only of a command
}

// Handle says where the output's bytes are.
func (o *Output) Handle() any {
	if o.Inline != nil {
		return Inline{Bytes: o.Inline}
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
		return nil, tidy(err)
	}
	if !again && !s.NoCache {
		if r := x.lookup(ctx, key, s); r != nil {
			return r, nil
		}
	}
	runner := x.Runner
	if len(s.Command) > 0 {
		if runner = x.Commands; runner == nil {
			return nil, &diag.Error{Msg: s.String() + " cannot be run: there is nothing here that runs commands"}
		}
	}
	ar, err := runner.Run(ctx, s)
	if err != nil {
		return nil, tidy(err)
	}
	r, err := result(key, s, ar)
	if err != nil || s.NoCache {
		return r, err
	}
	if err := x.Actions.PutResult(ctx, key, ar); err != nil {
		return nil, tidy(err)
	}
	return r, nil
}

// lookup returns the cached result under key; nil when there is none, it is not of this
// shape, or a blob that it names is gone.
func (x *Executor) lookup(ctx context.Context, key cache.Digest, s *Spec) *Result {
	ar, err := x.Actions.Get(ctx, key)
	if err != nil {
		return nil
	}
	r, err := result(key, s, ar)
	if err != nil {
		return nil
	}
	var stored []cache.Digest
	for _, o := range r.Outputs {
		if o.Inline == nil {
			stored = append(stored, o.Digest)
		}
	}
	if missing, err := x.Store.Missing(ctx, stored); err != nil || len(missing) > 0 {
		return nil
	}
	r.Cached = true
	return r
}

// result reads an ActionResult, which may come from anywhere: only a success with all outputs of s, as plain files, is one.
func result(key cache.Digest, s *Spec, ar *reapi.ActionResult) (*Result, error) {
	command := len(s.Command) > 0
	if ar.ExitCode != 0 {
		return nil, Failure(s, fmt.Sprintf("ended with exit code %d", ar.ExitCode), append(slices.Clone(ar.Stdout), ar.Stderr...))
	}
	if len(ar.OutputFiles) != len(s.Outputs) {
		return nil, fmt.Errorf("%s has %d outputs, expected %d", s, len(ar.OutputFiles), len(s.Outputs))
	}
	r := &Result{Key: key}
	for i, f := range ar.OutputFiles {
		if f.Path != s.Outputs[i] || f.Executable && !command {
			return nil, fmt.Errorf("%s has an output %q, expected a plain file %q", s, f.Path, s.Outputs[i])
		}
		o := Output{f.Path, f.Digest, f.Contents, f.Executable}
		if f.Digest.Size == 0 {
			o.Inline = []byte{}
		}
		r.Outputs = append(r.Outputs, o)
	}
	if command { // what it wrote to its standard output is no business of ours
		return r, nil
	}
	var err error
	if r.Findings, err = finding.Decode(ar.Stdout); err != nil {
		return nil, fmt.Errorf("findings of %s: %w", s, err)
	}
	return r, nil
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
