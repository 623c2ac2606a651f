package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/sbomctl/sbomctl/engine/oci"
)

// flights does each thing once, however many ask for it at the same time or later.
type flights[T any] struct {
	mu sync.Mutex
	of map[string]func() T
}

func (f *flights[T]) once(key string, do func() T) T {
	f.mu.Lock()
	if f.of == nil {
		f.of = map[string]func() T{}
	}
	get := f.of[key]
	if get == nil {
		get = sync.OnceValue(do)
		f.of[key] = get
	}
	f.mu.Unlock()
	return get()
}

// slot waits until a request may be made. What it returns ends the request.
func (a *Auditor) slot(ctx context.Context) (done func(), err error) {
	select {
	case a.slots <- struct{}{}:
		return func() { <-a.slots }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// manifest is what a digest resolved to.
type manifest struct {
	raw    []byte
	called types.MediaType // by whoever sent it
	err    error
}

// manifest gets a manifest from the origin, by GET, and keeps it.
func (a *audited) manifest(ctx context.Context, digest v1.Hash) manifest {
	return a.manifests.once(a.o.Name+"@"+digest.String(), func() (m manifest) {
		done, err := a.slot(ctx)
		if err != nil {
			return manifest{err: err}
		}
		m.raw, m.called, m.err = a.o.Source.Manifest(ctx, digest)
		done()
		if m.err == nil && a.keeps() {
			a.notKept(a.Kept.PutBytes(ctx, digest, m.raw))
		}
		return m
	})
}

// keeps reports whether what the origin yields is to be kept.
func (a *audited) keeps() bool { return a.Kept != nil && !a.o.Layout }

// notKept tells once that the keeper failed. An audit goes on without.
func (a *Auditor) notKept(err error) {
	if err != nil && a.Warn != nil && !errors.Is(err, context.Canceled) && oci.KindOf(err) == "" { // else the image is to blame, not the disk
		a.unkept.Do(func() { a.Warn("what is downloaded is not kept: " + err.Error()) })
	}
}

// blob is what was found out about a config or a layer.
type blob struct {
	before bool   // it was hashed before, and is still there
	raw    []byte // of one that was to be read
	err    error
}

// blob finds out whether source has a blob. read says that its bytes are wanted: it is a config.
func (w *walk) blob(ctx context.Context, d v1.Descriptor, read bool) blob {
	from := w.o.Name
	if w.unasked != nil {
		from = "the cache"
	}
	return w.Auditor.blobs.once(fmt.Sprintf("%s@%s %d %t", from, d.Digest, d.Size, read), func() blob {
		done, err := w.slot(ctx)
		if err != nil {
			return blob{err: err}
		}
		defer done()
		keep := w.keeps() && w.unasked == nil
		if keep && !w.Rehash && w.hashedBefore(ctx, d.Digest) {
			if r, err := w.Kept.Blob(ctx, d); err == nil {
				return w.known(ctx, d, r, read)
			}
		}
		b := w.download(ctx, d, read, keep)
		if b.err == nil && keep {
			w.notKept(w.Kept.Confirm(w.o.Name, d.Digest))
		}
		return b
	})
}

// download reads a blob to its end, and so hashes it.
func (w *walk) download(ctx context.Context, d v1.Descriptor, read, keep bool) blob {
	r, err := w.source.Blob(ctx, d)
	if err != nil {
		return blob{err: err}
	}
	defer r.Close()
	switch {
	case read:
		b := readBlob(d, r)
		if b.err == nil && keep {
			w.notKept(w.Kept.PutBytes(ctx, d.Digest, b.raw))
		}
		return b
	case keep:
		return w.hashAndKeep(ctx, d, r)
	}
	_, err = io.Copy(io.Discard, r)
	return blob{err: err}
}

// hashedBefore reports whether a blob of this origin was hashed before this audit, and is kept: that another origin had it says nothing of
// this one, whose copy may be damaged.
func (w *walk) hashedBefore(ctx context.Context, digest v1.Hash) bool {
	return w.Auditor.before.once(w.o.Name+"@"+digest.String(), func() bool {
		ok, err := w.Kept.Confirmed(ctx, w.o.Name, digest)
		return ok && err == nil
	})
}

// known is a blob that was kept: r are its bytes, which hash. The origin has to say no more than that it would send it.
func (w *walk) known(ctx context.Context, d v1.Descriptor, r io.ReadCloser, read bool) blob {
	defer r.Close()
	var b blob
	if read {
		if b = readBlob(d, r); b.err != nil {
			return b
		}
	}
	b.before = true
	if e, ok := w.source.(interface {
		Exists(ctx context.Context, d v1.Descriptor) error
	}); ok {
		b.err = e.Exists(ctx, d)
		return b
	}
	there, err := w.source.Blob(ctx, d)
	if err != nil {
		return blob{err: err}
	}
	there.Close()
	return b
}

// hashAndKeep reads a blob to its end, where it is known whether it hashes, and keeps it on the way.
func (w *walk) hashAndKeep(ctx context.Context, d v1.Descriptor, r io.Reader) blob {
	from := &watched{r: r}
	err := w.Kept.Put(ctx, d, func() (io.ReadCloser, error) { return from, nil })
	if from.err == nil {
		w.notKept(err) // the disk is full, or it is there from before: the rest is hashed all the same
		_, err = io.Copy(io.Discard, from)
	}
	if from.err != io.EOF {
		return blob{err: cmp.Or(from.err, err)}
	}
	w.notKept(err)
	return blob{}
}

// watched remembers how a reader ended. To close it does nothing: what is left of it may be wanted.
type watched struct {
	r   io.Reader
	err error
}

func (w *watched) Read(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	n, err := w.r.Read(p)
	w.err = err
	return n, err
}

func (*watched) Close() error { return nil }

// readBlob reads a small blob.
func readBlob(d v1.Descriptor, r io.Reader) blob {
	if d.Size > oci.MaxManifest {
		return blob{err: &oci.Error{Kind: oci.Malformed, What: "blob " + d.Digest.String(), Msg: fmt.Sprintf("has %d bytes, at most %d are read of a config", d.Size, oci.MaxManifest)}}
	}
	raw, err := io.ReadAll(r)
	return blob{raw: raw, err: err}
}
