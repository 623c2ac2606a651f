package action

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"slices"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/finding"
)

// call implements Call over a Spec.
type call struct {
	ctx      context.Context
	store    cache.Store
	spec     *Spec
	outputs  map[string]Output
	open     map[string]*outputWriter
	findings []finding.Finding
	err      error // first failure to write an output
}

func (c *call) Params(v any) error { return c.spec.DecodeParams(v) }

// DecodeParams decodes all parameters, those aside too, as Call.Params does.
func (s *Spec) DecodeParams(v any) error {
	for _, object := range [][]byte{s.Params, s.Aside} {
		if len(object) == 0 {
			continue
		}
		d := json.NewDecoder(bytes.NewReader(object))
		d.DisallowUnknownFields()
		if err := d.Decode(v); err != nil {
			var t *json.UnmarshalTypeError
			if errors.As(err, &t) {
				return &diag.Error{Msg: fmt.Sprintf("parameter %q of %s is a %s, expected %s", t.Field, s, t.Value, t.Type)}
			}
			return &diag.Error{Msg: fmt.Sprintf("parameters of %s: %v", s, err)}
		}
	}
	return nil
}

func (c *call) Files(input string) []File {
	for _, in := range c.spec.Inputs {
		if in.Name == input {
			return in.Files
		}
	}
	return nil
}

func (c *call) Read(f File, max int64) ([]byte, error) {
	if f.Digest.Size > max {
		return nil, &diag.Error{Pos: diag.File(f.Path), Msg: fmt.Sprintf("file has %d bytes, at most %d are read", f.Digest.Size, max)}
	}
	r, err := c.Open(f)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b := make([]byte, 0, f.Digest.Size+1)
	for {
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if err == io.EOF {
			return b, nil
		}
		if err != nil {
			return nil, err
		}
		if len(b) == cap(b) {
			return nil, changed(f)
		}
	}
}

func (c *call) Open(f File) (io.ReadCloser, error) { return Open(c.ctx, c.store, f) }

// Open returns the bytes of an input file as Call.Open does, for a Runner. A blob that the store has not got is a *LostError.
func Open(ctx context.Context, store cache.Store, f File) (io.ReadCloser, error) {
	switch h := f.Handle.(type) {
	case Disk:
		file, err := os.Open(h.Path)
		if err != nil {
			return nil, changed(f)
		}
		return &verifier{r: file, c: file, f: f, h: sha256.New()}, nil
	case Inline:
		return &verifier{r: bytes.NewReader(h.Bytes), c: io.NopCloser(nil), f: f, h: sha256.New()}, nil
	case Member:
		r, err := blob(ctx, store, h.Data)
		if err != nil {
			return nil, err
		}
		return &verifier{r: io.NewSectionReader(r, h.Offset, f.Digest.Size), c: r, f: f, h: sha256.New()}, nil
	default:
		r, err := blob(ctx, store, f.Digest)
		if err != nil {
			return nil, err
		}
		return struct {
			io.Reader
			io.Closer
		}{io.NewSectionReader(r, 0, f.Digest.Size), r}, nil
	}
}

func (c *call) OpenAt(f File) (ReaderAtCloser, error) {
	if _, ok := f.Handle.(Blob); ok {
		return blob(c.ctx, c.store, f.Digest)
	}
	if f.Digest.Size > maxInMemory {
		return c.spool(f)
	}
	b, err := c.Read(f, f.Digest.Size)
	if err != nil {
		return nil, err
	}
	return nopCloser{bytes.NewReader(b)}, nil
}

// maxInMemory is the largest file that OpenAt holds in memory; a larger one is copied into the store, so that it is read as it was checked.
const maxInMemory = 16 << 20

func (c *call) spool(f File) (ReaderAtCloser, error) {
	r, err := c.Open(f)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	w, err := c.store.Create(c.ctx)
	if err != nil {
		return nil, err
	}
	defer w.Abort()
	if _, err := io.Copy(w, r); err != nil {
		return nil, err
	}
	d, err := w.Commit()
	if err != nil {
		return nil, err
	}
	return blob(c.ctx, c.store, d)
}

type nopCloser struct{ *bytes.Reader }

func (nopCloser) Close() error { return nil }

func blob(ctx context.Context, store cache.Store, d cache.Digest) (ReaderAtCloser, error) {
	r, err := store.Open(ctx, d)
	if errors.Is(err, cache.ErrMiss) {
		return nil, &LostError{d}
	}
	return r, err
}

func (c *call) Create(output string) (Writer, error) {
	if err := c.claim(output); err != nil {
		return nil, err
	}
	w := &outputWriter{c: c, name: output}
	c.open[output] = w
	return w, nil
}

// claim refuses an output that is not declared, or was created before.
func (c *call) claim(output string) error {
	if !slices.Contains(c.spec.Outputs, output) {
		return fmt.Errorf("%s has no output %q", c.spec, output)
	}
	if _, done := c.outputs[output]; done || c.open[output] != nil {
		return fmt.Errorf("%s creates its output %q twice", c.spec, output)
	}
	return nil
}

// finder is a store that knows blobs by checksum alone; a remote one has to be told their size, too.
type finder interface {
	Find(sum [sha256.Size]byte) (cache.Digest, bool)
}

func (c *call) Reuse(output string, sum [sha256.Size]byte, max int64) (bool, error) {
	if err := c.claim(output); err != nil {
		return false, err
	}
	f, ok := c.store.(finder)
	if !ok {
		return false, nil
	}
	d, ok := f.Find(sum)
	if !ok || d.Size > max {
		return false, nil
	}
	b, err := c.store.Open(c.ctx, d) // which checks all of it
	if errors.Is(err, cache.ErrMiss) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	c.outputs[output] = Output{Name: output, Digest: d}
	return true, b.Close()
}

func (c *call) Report(f finding.Finding) { c.findings = append(c.findings, f) }

// abort removes what was not sealed.
func (c *call) abort() {
	for _, w := range c.open {
		w.Abort()
	}
}

// outputWriter keeps an output in memory while it is small, and then streams it into the store.
type outputWriter struct {
	c     *call
	name  string
	small []byte
	large cache.Writer
}

func (o *outputWriter) Write(p []byte) (int, error) {
	if err := o.c.ctx.Err(); err != nil {
		return 0, err
	}
	if o.large == nil {
		if len(o.small)+len(p) <= MaxInline {
			o.small = append(o.small, p...)
			return len(p), nil
		}
		w, err := o.c.store.Create(o.c.ctx)
		if err != nil {
			return 0, err
		}
		o.large = w
		if _, err := w.Write(o.small); err != nil {
			return 0, err
		}
	}
	return o.large.Write(p)
}

// Abort implements Writer.
func (o *outputWriter) Abort() {
	if o.c.open[o.name] != o {
		return
	}
	delete(o.c.open, o.name)
	if o.large != nil {
		o.large.Abort()
	}
}

// Close implements Writer.
func (o *outputWriter) Close() error {
	if o.c.open[o.name] != o {
		return nil
	}
	delete(o.c.open, o.name)
	out := Output{Name: o.name}
	if o.large == nil {
		out.Inline = append([]byte{}, o.small...) // not nil, even when empty
		out.Digest = cache.Of(out.Inline)
	} else {
		var err error
		if out.Digest, err = o.large.Commit(); err != nil {
			o.c.err = err
			return err
		}
	}
	o.c.outputs[o.name] = out
	return nil
}

// verifier checks the digest of what passes through it; it turns io.EOF into an error when
// the bytes were others.
type verifier struct {
	r io.Reader
	c io.Closer
	f File
	h hash.Hash
	n int64
}

func (v *verifier) Read(p []byte) (int, error) {
	n, err := v.r.Read(p)
	v.h.Write(p[:n])
	v.n += int64(n)
	if err == io.EOF {
		if v.n != v.f.Digest.Size || [sha256.Size]byte(v.h.Sum(nil)) != v.f.Digest.Hash {
			return n, changed(v.f)
		}
	} else if err != nil {
		return n, &diag.Error{Pos: diag.File(v.f.Path), Msg: "the file cannot be read", Err: err}
	}
	return n, err
}

func (v *verifier) Close() error { return v.c.Close() }

func changed(f File) error {
	return &diag.Error{Pos: diag.File(f.Path), Msg: "the file changed while the build was reading it", Hints: []string{"build again"}}
}
