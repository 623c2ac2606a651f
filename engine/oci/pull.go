package oci

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// pullers is how many blobs of one image are fetched at once.
const pullers = 6

// maxTries is how often a blob is fetched whose stream is cut off (io.ErrUnexpectedEOF), as long ones are.
const maxTries = 3

// Pull copies an image into a store: its manifests, configs and layers, each verified. root is an index or a manifest; of an index
// only the images for platforms are copied, or all when none are named. What is in the store already, unharmed, is not fetched again.
//
// What can be fetched is kept even when something else fails, so that the next Pull has less to do. The error is that of the first
// blob, in the order of the documents, that could not be had.
func Pull(ctx context.Context, from Source, to *Store, root v1.Hash, platforms []v1.Platform) error {
	p := &puller{from: from, to: to, kept: to.Keep(from), places: make(chan struct{}, pullers), platforms: platforms}
	raw, called, err := p.kept.Manifest(ctx, root)
	if err != nil {
		return err
	}
	doc, err := Parse("manifest "+root.String(), raw, called)
	if err != nil {
		return err
	}
	if err := p.document(ctx, root, doc, 1); err != nil {
		return err
	}
	return to.Record(ctx, v1.Descriptor{MediaType: doc.MediaType, Digest: root, Size: int64(len(raw))})
}

type puller struct {
	from      Source
	to        *Store
	kept      Source
	places    chan struct{} // as many as blobs may be fetched at once
	platforms []v1.Platform
}

// manifest pulls a manifest and all below it.
func (p *puller) manifest(ctx context.Context, d v1.Descriptor, depth int) error {
	what := "manifest " + d.Digest.String()
	raw, called, err := p.kept.Manifest(ctx, d.Digest)
	if err != nil {
		return err
	}
	if int64(len(raw)) != d.Size {
		return wrongSize(what, int64(len(raw)), d.Size)
	}
	if called == "" {
		called = d.MediaType
	}
	doc, err := Parse(what, raw, called)
	if err != nil {
		return err
	}
	return p.document(ctx, d.Digest, doc, depth)
}

func (p *puller) document(ctx context.Context, digest v1.Hash, doc *Document, depth int) error {
	if doc.Index != nil {
		if depth > MaxDepth {
			return tooDeep("index " + digest.String())
		}
		children, err := p.chosen("index "+digest.String(), doc.Index)
		if err != nil {
			return err
		}
		return together(children, func(d v1.Descriptor) error { return p.manifest(ctx, d, depth+1) })
	}
	return together(doc.Children(), func(d v1.Descriptor) error { return p.blob(ctx, d) })
}

func tooDeep(what string) error {
	return &Error{Kind: Malformed, What: what, Msg: fmt.Sprintf("is an index within %d others, which is deeper than is read", MaxDepth)}
}

// chosen returns the manifests of an index that are to be pulled.
func (p *puller) chosen(what string, index *v1.IndexManifest) ([]v1.Descriptor, error) {
	if len(p.platforms) == 0 {
		return index.Manifests, nil
	}
	var out []v1.Descriptor
	seen := map[v1.Hash]bool{}
	add := func(d v1.Descriptor) {
		if !seen[d.Digest] {
			seen[d.Digest] = true
			out = append(out, d)
		}
	}
	for _, d := range index.Manifests {
		if d.MediaType.IsIndex() && d.Platform == nil { // the images are further down
			add(d)
		}
	}
	inner := len(out) > 0
	for _, platform := range p.platforms {
		d, err := Choose(index, platform)
		switch {
		case err == nil:
			add(d)
		case !inner:
			return nil, &Error{Kind: Missing, What: what, Msg: err.Error()}
		}
	}
	return out, nil
}

func (p *puller) blob(ctx context.Context, d v1.Descriptor) error {
	select {
	case p.places <- struct{}{}:
		defer func() { <-p.places }()
	case <-ctx.Done():
		return ctx.Err()
	}
	var err error
	for range maxTries {
		err = p.to.putFrom(ctx, d, p.from)
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
	}
	if e := (*Error)(nil); errors.As(err, &e) && e.Kind == Missing && (len(d.URLs) > 0 || !d.MediaType.IsDistributable()) {
		return &Error{Kind: Missing, What: e.What, Msg: "is a layer that its registry does not distribute; what the URLs in its manifest lead to is not fetched",
			Hints: []string{"push the image to a registry together with its layers, and pin what that makes"}, Err: err}
	}
	return err
}

// together runs f for each of ds at once, and returns the first error in the order of ds.
func together(ds []v1.Descriptor, f func(v1.Descriptor) error) error {
	errs := make([]error, len(ds))
	var wg sync.WaitGroup
	for i, d := range ds {
		wg.Go(func() { errs[i] = f(d) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// Keep returns a Source that asks the store before it asks from, and puts what it gets from there into the store, whole, before
// the first byte is handed out.
func (s *Store) Keep(from Source) Source { return keeping{s, from} }

type keeping struct {
	store *Store
	from  Source
}

func (k keeping) Manifest(ctx context.Context, digest v1.Hash) ([]byte, types.MediaType, error) {
	b, called, err := k.store.Manifest(ctx, digest)
	if !IsMissing(err) {
		return b, called, err
	}
	b, called, err = k.from.Manifest(ctx, digest)
	if err != nil {
		return nil, "", err
	}
	return b, called, k.store.PutBytes(ctx, digest, b)
}

func (k keeping) Blob(ctx context.Context, d v1.Descriptor) (io.ReadCloser, error) {
	if k.store.isPutting(ctx, d.Digest) {
		return k.from.Blob(ctx, d) // it is kept as soon as it is through
	}
	if err := k.store.putFrom(ctx, d, k.from); err != nil {
		return nil, err
	}
	return k.store.Blob(ctx, d)
}
