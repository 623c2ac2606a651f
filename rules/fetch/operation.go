package fetch

import (
	"context"
	"io"

	"github.com/sbomctl/sbomctl/engine/action"
)

// Params are the parameters of the operation "fetch.http".
type Params struct {
	URLs   []string `json:"urls"`
	SHA256 string   `json:"sha256"`          // 64 lower-case hexadecimal digits
	Size   int64    `json:"size"`            // most bytes; 0: DefaultMaxBytes
	Name   string   `json:"name"`            // file name in a distdir; "": the first URL's last segment
	Label  string   `json:"label,omitempty"` // target, for errors
}

// Operation returns "fetch.http", whose one output "file" has the declared checksum. It is
// the one operation that reads beyond its inputs, and is pure all the same: whatever the
// network and the distdirs hold, its result is either the bytes of that checksum or an error.
func Operation(f *Fetcher) action.Operation {
	return action.Operation{
		Name:    "fetch.http",
		Version: 1,
		Run: func(ctx context.Context, call action.Call) error {
			var p Params
			if err := call.Params(&p); err != nil {
				return err
			}
			out := &lazyOutput{call: call}
			err := f.Fetch(ctx, Request{
				URLs: p.URLs, SHA256: p.SHA256, MaxBytes: p.Size, Name: p.Name, Label: p.Label,
				Warn: func(msg string) { call.Warn("%s", msg) },
			}, out)
			return out.close(err)
		},
	}
}

// lazyOutput creates the output at its first byte, so a fetch that fails creates none.
type lazyOutput struct {
	call action.Call
	w    io.WriteCloser
}

func (o *lazyOutput) Write(b []byte) (int, error) {
	if err := o.open(); err != nil {
		return 0, err
	}
	return o.w.Write(b)
}

func (o *lazyOutput) open() (err error) {
	if o.w == nil {
		o.w, err = o.call.Create("file")
	}
	return err
}

// close seals the output of a fetch that ended with err; the file may be empty.
func (o *lazyOutput) close(err error) error {
	if err == nil {
		err = o.open()
	}
	if o.w != nil {
		if cerr := o.w.Close(); err == nil {
			err = cerr
		}
	}
	return err
}
