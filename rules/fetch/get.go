package fetch

import (
	"context"
	"errors"
	"io"
)

// ErrNotFound is the cause of the error of a file or document that the server does not have.
var ErrNotFound = errors.New("not found")

// Get returns a small document, such as an answer of a package index, with the bounds and attempts of a file's, and at most max bytes. There
// is no checksum, so what comes is to be treated as hostile. Its error is a *diag.Error or ctx's; errors.Is(err, ErrNotFound) tells that
// there is no such document (404, 410).
func (f *Fetcher) Get(ctx context.Context, rawURL string, max int64) ([]byte, error) {
	r := &Request{MaxBytes: max}
	var body []byte
	err := f.again(ctx, func() error {
		a, err := f.ask(ctx, rawURL, r, encoded)
		if err != nil {
			return err
		}
		defer a.close()
		if a.encoding != "" {
			return r.encodedError(rawURL, a.encoding)
		}
		body, err = io.ReadAll(io.LimitReader(a, max+1))
		switch {
		case int64(len(body)) > max:
			return r.bad(nil, "%s has more than %d bytes", redact(rawURL), max)
		case err != nil:
			return a.cut(int64(len(body)))
		}
		return nil
	})
	if err != nil {
		return nil, unwrapFinal(err)
	}
	return body, nil
}
