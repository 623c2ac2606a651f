package fetch

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"

	"github.com/sbomctl/sbomctl/engine/action"
)

// Create begins an output. It is called once for each place that has something to offer; what is not sealed is
// aborted before the next call.
type Create func() (action.Writer, error)

// errTooLong says that there are more bytes than may be.
var errTooLong = errors.New("too long")

// receive fills an output with what body yields, and seals it when that has the wanted checksum. It returns how many bytes
// came, and their checksum. An error is errTooLong, body's own, or of the output and then final.
func (r *Request) receive(body io.Reader, create Create, told func(done int64)) (got int64, sum string, err error) {
	w, err := create()
	if err != nil {
		return 0, "", final{err}
	}
	defer w.Abort() // which does nothing to what is sealed
	h := sha256.New()
	hashed := make(chan struct{}, 1)
	buf := make([]byte, 512<<10)
	for err == nil {
		var n int
		n, err = body.Read(buf)
		if n == 0 {
			continue
		}
		if got += int64(n); got > r.MaxBytes {
			return got, "", errTooLong
		}
		go func() { // the output hashes them too
			h.Write(buf[:n])
			hashed <- struct{}{}
		}()
		_, failed := w.Write(buf[:n])
		<-hashed
		if failed != nil {
			return got, "", final{failed}
		}
		told(got)
	}
	if !errors.Is(err, io.EOF) {
		return got, "", err
	}
	sum = hex.EncodeToString(h.Sum(nil))
	if r.learned != nil {
		*r.learned, r.SHA256 = sum, sum
	}
	if sum != r.SHA256 {
		return got, sum, nil
	}
	if err := w.Close(); err != nil {
		return got, sum, final{err}
	}
	return got, sum, nil
}
