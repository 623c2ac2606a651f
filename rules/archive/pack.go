package archive

import (
	"context"
	"fmt"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
)

// PackParams are the parameters of archive.pack.
type PackParams struct {
	Prefix   string   `json:"prefix"`             // directory that everything lies below, such as "Python-3.13.5"
	Format   string   `json:"format"`             // "tgz" or "tar.xz"
	MTime    int64    `json:"mtime,omitempty"`    // of every member, in seconds since 1970
	Overlays []string `json:"overlays,omitempty"` // paths below prefix that an input "overlay:<path>" replaces or adds
}

// maxMTime is the last second that a ustar header can hold: 11 octal digits.
const maxMTime = 1<<33 - 1

// runPack is archive.pack.
func runPack(ctx context.Context, call action.Call) error {
	var params PackParams
	if err := call.Params(&params); err != nil {
		return err
	}
	if err := checkPacked(params.Prefix); err != nil {
		return diagf("prefix %q %v", params.Prefix, err)
	}
	if params.MTime < 0 || params.MTime > maxMTime {
		return diagf("mtime is %d, expected seconds since 1970, from 0 to %d", params.MTime, int64(maxMTime))
	}
	if params.Format != "tgz" && params.Format != "tar.xz" {
		return diagf(`format %q is unknown, expected "tgz" or "tar.xz"%s`,
			params.Format, diag.DidYouMean(params.Format, []string{"tgz", "tar.xz"}))
	}
	members, err := plan(call, params)
	if err != nil {
		return err
	}
	out, err := call.Create("archive")
	if err != nil {
		return err
	}
	z, err := compressor(out, params.Format)
	if err != nil {
		return err
	}
	if err := write(ctx, call, z, members, params.MTime); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return out.Close()
}

// diagf returns a diagnostic that blames no file.
func diagf(format string, args ...any) error {
	return &diag.Error{Msg: fmt.Sprintf(format, args...)}
}
