package fetch

import (
	"context"
	"encoding/hex"

	"github.com/sbomctl/sbomctl/engine/action"
)

// Params are the parameters of the operation "fetch.http". All but the checksum say where the file may lie and what is
// accepted for it, and so are aside: bytes that were fetched once serve every target that wants them.
type Params struct {
	URLs   []string `json:"urls"`
	SHA256 string   `json:"sha256"` // 64 lower-case hexadecimal digits
	Size   int64    `json:"size"`   // most bytes; 0: DefaultMaxBytes
	Name   string   `json:"name"`   // file name in a distdir; "": the first URL's last segment
}

func (p Params) request() Request {
	return Request{URLs: p.URLs, SHA256: p.SHA256, MaxBytes: p.Size, Name: p.Name}
}

// output is the one output of "fetch.http".
const output = "file"

// Operation returns "fetch.http", whose one output "file" has the declared checksum. It is
// the one operation that reads beyond its inputs, and is pure all the same: whatever the
// store, the network and the distdirs hold, its result is either the bytes of that checksum or an error.
func Operation(f *Fetcher) action.Operation {
	return action.Operation{
		Name:    "fetch.http",
		Version: 2,
		Aside:   []string{"urls", "size", "name"},
		Accept:  accept,
		Run: func(ctx context.Context, call action.Call) error {
			var p Params
			if err := call.Params(&p); err != nil {
				return err
			}
			req := p.request()
			if err := req.normalise(); err != nil {
				return err
			}
			var sum [32]byte
			hex.Decode(sum[:], []byte(req.SHA256)) // which normalise checked
			if known, err := call.Reuse(output, sum, req.MaxBytes); known || err != nil {
				return err
			}
			return f.Fetch(ctx, req, func() (action.Writer, error) { return call.Create(output) })
		},
	}
}

// accept holds the declared size against a file that may have been fetched for another target.
func accept(params func(any) error, outputs []action.Output) error {
	var p Params
	if err := params(&p); err != nil {
		return err
	}
	req := p.request()
	if err := req.normalise(); err != nil {
		return err
	}
	if outputs[0].Digest.Size > req.MaxBytes {
		return req.tooLong(req.Name)
	}
	return nil
}
