package oci

import (
	"context"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// First asks sources one after the other, and goes on only when one answers that it has not got what is asked for (Missing): what
// one has and is wrong is told, and not papered over by the next. When none has it, the last one's error counts.
func First(sources ...Source) Source { return first(sources) }

type first []Source

func (f first) Manifest(ctx context.Context, digest v1.Hash) ([]byte, types.MediaType, error) {
	err := nothing("manifest " + digest.String())
	for _, s := range f {
		var b []byte
		var t types.MediaType
		if b, t, err = s.Manifest(ctx, digest); !IsMissing(err) {
			return b, t, err
		}
	}
	return nil, "", err
}

func (f first) Blob(ctx context.Context, d v1.Descriptor) (io.ReadCloser, error) {
	err := nothing("blob " + d.Digest.String())
	for _, s := range f {
		var r io.ReadCloser
		if r, err = s.Blob(ctx, d); !IsMissing(err) {
			return r, err
		}
	}
	return nil, err
}

func nothing(what string) error {
	return &Error{Kind: Missing, What: what, Msg: "is nowhere: there is no place to look for it"}
}
