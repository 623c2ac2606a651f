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
// Bytes go straight into the output, which is sealed only when the checksum is right. A download that is cut begins again from its
// first byte, a few times: no part of a file is ever asked for, so no server can refuse one. A server that is busy (429, 5xx, a connection
// that it ends) is asked again after a while, its own Retry-After or a growing one, by the rules of package retry; each wait is a note.
// A file is asked for as it is; a body that was encoded on the way has another checksum, which nobody is told to declare.
//
// To get a file by checksum call Fetch, to learn the checksum of one Learn or Sum, to get a small document Get: one Fetcher, the same
// attempts and bounds.
//
// What a fetch may use is bounded: bytes by the declared size, attempts, waits and redirects by
// constants, a silent peer by an idle timeout. There is no total timeout: a slow line is no error.
//
// What was wrong with a place when a later one had the file, or that a server is waited for, is of this machine and this moment. So it is a
// note (Fetcher.Note), and no finding.
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
