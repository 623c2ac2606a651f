package fetch

import (
	"context"
)

// Learn gets a file whose checksum is not known yet, from its URL alone, and returns the checksum: a folder of files that somebody
// put there by name (Distdirs) is not asked. It is for a person who declares the file and looks at what came; a build
// never does so. The bounds and errors are those of Fetch. max 0 is DefaultMaxBytes.
func (f *Fetcher) Learn(ctx context.Context, rawURL string, max int64, create Create) (sum string, err error) {
	req := Request{URLs: []string{rawURL}, SHA256: unknownSum, MaxBytes: max}
	if err := req.normalise(); err != nil {
		return "", err
	}
	req.SHA256, req.learned = "", &sum
	err = f.fromURL(ctx, rawURL, &req, create)
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	return sum, unwrapFinal(err)
}

// unknownSum passes for a checksum while a request is checked.
const unknownSum = "0000000000000000000000000000000000000000000000000000000000000000"
