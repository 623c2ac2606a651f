package fetch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
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
// is an error that the caller turns into a warning, as Bazel does: the folder may hold
// another release's file, and the URLs may still be right.
func fromDistdir(ctx context.Context, dir string, req *Request, dst io.Writer) (found bool, err error) {
	var wrong error
	for _, name := range req.names() {
		file := filepath.Join(dir, name)
		found, err := fromFile(ctx, file, req, dst)
		if found || isFinal(err) {
			return found, err
		}
		if err != nil && wrong == nil {
			wrong = err
		}
	}
	return false, wrong
}

// fromFile copies file to dst when it has the wanted bytes.
func fromFile(ctx context.Context, file string, req *Request, dst io.Writer) (found bool, err error) {
	bad := func(format string, args ...any) error {
		return &diag.Error{Label: req.Label, Attr: "sha256", Msg: fmt.Sprintf(format, args...)}
	}
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, bad("cannot look at %s in a distdir: %s", filepath.ToSlash(file), osfile.Reason(err))
	case !info.Mode().IsRegular():
		return false, bad("%s in a distdir is not a regular file", filepath.ToSlash(file))
	case info.Size() > req.MaxBytes:
		return false, bad("%s in a distdir has %d bytes, at most %d are declared", filepath.ToSlash(file), info.Size(), req.MaxBytes)
	}
	in, err := os.Open(file)
	if err != nil {
		return false, bad("cannot read %s in a distdir: %s", filepath.ToSlash(file), osfile.Reason(err))
	}
	defer in.Close()
	sum, err := hashFile(ctx, in)
	if ctx.Err() != nil {
		return false, final{ctx.Err()}
	}
	if err != nil {
		return false, bad("cannot read %s in a distdir: %s", filepath.ToSlash(file), osfile.Reason(err))
	}
	if sum != req.SHA256 {
		return false, bad("sha256 of %s in a distdir is %s, but %s is declared", filepath.ToSlash(file), sum, req.SHA256)
	}
	return true, copyChecked(ctx, in, req, dst)
}

// hashFile returns the SHA-256 of all of in, as lower-case hexadecimal.
func hashFile(ctx context.Context, in io.ReadSeeker) (string, error) {
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	h := sha256.New()
	if _, err := io.Copy(h, ctxReader{ctx, in}); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// copyChecked copies all of in, a file that was found right, to dst. It hashes again
// while copying, since another process may have changed the file in between.
func copyChecked(ctx context.Context, in io.ReadSeeker, req *Request, dst io.Writer) error {
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return final{err}
	}
	h := sha256.New()
	if _, err := io.Copy(dst, io.TeeReader(io.LimitReader(ctxReader{ctx, in}, req.MaxBytes), h)); err != nil {
		return final{err}
	}
	if sum := hex.EncodeToString(h.Sum(nil)); sum != req.SHA256 {
		return final{&diag.Error{Label: req.Label, Msg: fmt.Sprintf("%s changed while it was read", req.Name)}}
	}
	return nil
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

// final is an error after which no other place is tried: the destination may have
// bytes by now, or the caller has given up.
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
