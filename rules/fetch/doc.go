// Package fetch gets one file whose SHA-256 is known beforehand: http_file's operation.
//
// The checksum is the file's identity; everything else only says where it may lie. The
// places are asked in a fixed order, and the first that has the right bytes wins:
//
//	store ──► distdir ... ──► URL ... ──► error that names every place and what was wrong there
//	              │             │
//	              └──────┬──────┘
//	                     ▼
//	          output ──► SHA-256 right: sealed
//	                     wrong, cut, too long: dropped
//
// Bytes go straight into the output, which is sealed only when the checksum is right. A download that is cut begins again,
// a few times.
//
// What a fetch may use is bounded: bytes by the declared size, attempts and redirects by
// constants, a silent peer by an idle timeout. There is no total timeout: a slow line is no error.
//
// What was wrong with a place when a later one had the file is of this machine and this moment. So it is a note
// (Fetcher.Note), and no finding.
package fetch

import "time"

const (
	// DefaultMaxBytes bounds a file whose declaration states no size.
	DefaultMaxBytes = 2 << 30
	// DefaultIdleTimeout is how long a peer may send nothing before the attempt is given up.
	DefaultIdleTimeout = 30 * time.Second

	maxAttempts  = 6  // requests for one URL: the first, and again when it was cut
	maxRedirects = 10 // for one request, as in curl's and Go's own bound
	maxURLs      = 64
)
