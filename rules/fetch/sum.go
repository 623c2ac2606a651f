package fetch

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"io"
	"mime"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// Sums are the checksums of a file, in lower-case hexadecimal.
type Sums struct{ SHA256, SHA512, SHA1, MD5 string }

// SumsOf reads r to its end; more than max bytes are an error.
func SumsOf(r io.Reader, max int64) (Sums, error) {
	sha, long, short, md := sha256.New(), sha512.New(), sha1.New(), md5.New()
	n, err := io.Copy(io.MultiWriter(sha, long, short, md), io.LimitReader(r, max+1))
	if err == nil && n > max {
		err = errTooLong
	}
	return Sums{hex.EncodeToString(sha.Sum(nil)), hex.EncodeToString(long.Sum(nil)), hex.EncodeToString(short.Sum(nil)), hex.EncodeToString(md.Sum(nil))}, err
}

// Sum downloads a file of which nothing is known yet, and returns its checksums; nothing is kept of it. A web page in its place, as some
// servers answer to an address that is wrong, is an error, and so is a file that was encoded on the way. It has the bounds and attempts
// of Fetch. Its error is a *diag.Error or ctx's.
func (f *Fetcher) Sum(ctx context.Context, rawURL string) (Sums, error) {
	r := &Request{MaxBytes: DefaultMaxBytes}
	var sums Sums
	err := f.again(ctx, func() error {
		a, err := f.ask(ctx, rawURL, r, verbatim)
		if err != nil {
			return err
		}
		defer a.close()
		if kind, _, _ := mime.ParseMediaType(a.header.Get("Content-Type")); kind == "text/html" {
			return &diag.Error{Msg: fmt.Sprintf("%s is a web page, not an archive", redact(rawURL))}
		}
		if a.encoding != "" {
			return r.encodedError(rawURL, a.encoding)
		}
		counted := &counter{r: a}
		sums, err = SumsOf(counted, r.MaxBytes)
		switch {
		case err == errTooLong:
			return r.bad(err, "%s has more than %d bytes", redact(rawURL), r.MaxBytes)
		case err != nil:
			return a.cut(counted.n)
		case counted.n == 0:
			return &diag.Error{Msg: fmt.Sprintf("%s is empty", redact(rawURL))}
		}
		return nil
	})
	if err != nil {
		return Sums{}, unwrapFinal(err)
	}
	return sums, nil
}

// counter counts what is read.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
