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
	"net/http"

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
// servers answer to an address that is wrong, is an error. It has the bounds of Fetch. Its error is a *diag.Error or ctx's.
func Sum(ctx context.Context, client *http.Client, rawURL string) (Sums, error) {
	r := &Request{MaxBytes: DefaultMaxBytes}
	parent := ctx
	ctx, idle := withIdle(ctx, DefaultIdleTimeout)
	defer idle.stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, rawURL, nil)
	if err != nil || req.URL.Host == "" || (req.URL.Scheme != "https" && req.URL.Scheme != "http") {
		return Sums{}, r.bad(err, "%q is not an http or https URL", redact(rawURL))
	}
	req.Header.Set("Accept-Encoding", "identity")
	req.Header.Set("User-Agent", "sbomctl")
	resp, err := guarded(client).Do(req)
	switch {
	case parent.Err() != nil:
		return Sums{}, parent.Err()
	case err != nil && idle.fired():
		return Sums{}, r.idleError(rawURL, DefaultIdleTimeout)
	case err != nil:
		return Sums{}, r.connectError(rawURL, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return Sums{}, r.statusError(rawURL, resp.StatusCode)
	}
	if kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); kind == "text/html" {
		return Sums{}, &diag.Error{Msg: fmt.Sprintf("%s is a web page, not an archive", redact(rawURL))}
	}
	counted := &counter{r: idleReader{resp.Body, idle}}
	sums, err := SumsOf(counted, r.MaxBytes)
	switch {
	case parent.Err() != nil:
		return Sums{}, parent.Err()
	case err == errTooLong:
		return Sums{}, r.bad(err, "%s has more than %d bytes", redact(rawURL), r.MaxBytes)
	case err != nil:
		return Sums{}, r.cutShort(rawURL, counted.n, resp.ContentLength)
	case counted.n == 0:
		return Sums{}, &diag.Error{Msg: fmt.Sprintf("%s is empty", redact(rawURL))}
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
