// Package fetch gets one file whose SHA-256 is known beforehand: http_file's operation.
//
// The checksum is the file's identity; everything else only says where it may lie. The
// places are asked in a fixed order, and the first that has the right bytes wins:
//
//	distdir ... ──► URL ... ──► error that names every place and what was wrong there
//	                 │
//	                 ▼
//	        partial file (kept by checksum) ──► SHA-256 ──► destination
//
// Not a byte reaches the destination before the whole file has been checked, so a wrong
// mirror, a cut connection or a full disk leaves nothing behind but a partial file, which
// the next fetch (of this URL, of another mirror, of another process) goes on from.
//
// What a fetch may use is bounded: bytes by the declared size, resumes and redirects by
// constants, a silent peer by an idle timeout. There is no total timeout: a slow line is no error.
package fetch

import "time"

const (
	// DefaultMaxBytes bounds a file whose declaration states no size.
	DefaultMaxBytes = 2 << 30
	// DefaultIdleTimeout is how long a peer may send nothing before the attempt is given up.
	DefaultIdleTimeout = 30 * time.Second

	maxAttempts  = 6  // requests for one URL: the first and its resumes
	maxRedirects = 10 // for one request, as in curl's and Go's own bound
	maxURLs      = 64
)
