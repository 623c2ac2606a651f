package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sbomctl/sbomctl/cache/osfile"
	"github.com/sbomctl/sbomctl/engine/diag"
)

// fromDistdir looks for the file in one folder. A file of the right name with wrong bytes
// is an error that the caller turns into a note, as Bazel does: the folder may hold
// another release's file, and the URLs may still be right.
func fromDistdir(ctx context.Context, dir string, req *Request, create Create) (found bool, err error) {
	var wrong error
	for _, name := range req.names() {
		found, err := fromFile(ctx, filepath.Join(dir, name), req, create)
		if found || isFinal(err) {
			return found, err
		}
		if err != nil && wrong == nil {
			wrong = err
		}
	}
	return false, wrong
}

// fromFile fills an output with file when it has the wanted bytes.
func fromFile(ctx context.Context, file string, req *Request, create Create) (found bool, err error) {
	where := filepath.ToSlash(file) + " in a distdir"
	bad := func(format string, args ...any) error {
		return &diag.Error{Attr: "sha256", Msg: fmt.Sprintf(format, args...)}
	}
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, bad("cannot look at %s: %s", where, osfile.Reason(err))
	case !info.Mode().IsRegular():
		return false, bad("%s is not a regular file", where)
	case info.Size() > req.MaxBytes:
		return false, bad("%s has %d bytes, at most %d are declared", where, info.Size(), req.MaxBytes)
	}
	in, err := os.Open(file)
	if err != nil {
		return false, bad("cannot read %s: %s", where, osfile.Reason(err))
	}
	defer in.Close()
	_, sum, err := req.receive(ctxReader{ctx, in}, create, func(int64) {})
	switch {
	case ctx.Err() != nil:
		return false, final{ctx.Err()}
	case isFinal(err):
		return false, err
	case err != nil:
		return false, bad("cannot read %s: %s", where, osfile.Reason(err))
	case sum != req.SHA256:
		return false, req.wrongSum(where, sum)
	}
	return true, nil
}

// ctxReader ends when its context does.
type ctxReader struct {
	ctx context.Context
	r   io.Reader
}

func (c ctxReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// final is an error after which no other place is tried: the output cannot be written, or the caller has given up.
type final struct{ error }

func (f final) Unwrap() error { return f.error }

func isFinal(err error) bool {
	var f final
	return errors.As(err, &f)
}

// unwrapFinal takes the mark off again: callers see the error itself.
func unwrapFinal(err error) error {
	var f final
	if errors.As(err, &f) {
		return f.error
	}
	return err
}
