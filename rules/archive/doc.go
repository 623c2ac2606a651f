// Package archive reads and writes source archives. It reads .tar.xz, .tar.gz (.tgz), .tar.bz2, .tar.zst, .tar and .zip, and writes
// .tar.xz and .tgz.
//
// Reading is one operation, archive.index: a single pass turns an archive into the pair that
// package tree describes, the bytes of the uncompressed archive and a manifest of its
// members with all their checksums. Three stages run side by side, linked by a few
// pooled buffers, so that memory is constant and the slowest of them, the decoder, sets the pace:
//
//	decode (xz, gzip, bzip2, zstd) ──► write data ──► parse tar, hash members
//	decompress the members of a zip ──► write data ──► hash them
//
// What kind of archive it is, its first bytes say, never its name. An archive is hostile until
// proven otherwise: every size, count and path is bounded or checked, and a damaged
// stream is blamed before anything that it decodes to.
//
// An archive is judged by what is selected. A member that cannot be used, such as one that is encrypted or a link to nothing,
// is listed as what it is, and is an error for whoever selects it, as in a folder (see package files for links). Refused as a whole is what
// would be an attack if it were unpacked, or what two programs could read as two different trees (see walker and readZip). What is odd and does
// no harm is a finding.
//
// Writing is archive.pack: a file set becomes an archive whose bytes depend on the paths, bytes
// and executable bits of its files, its links and its empty folders, and on nothing else.
package archive

import (
	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/files"
)

// Operations returns the operations of this package.
//
//	archive.index  input "archive" (one file); outputs "index", "data"; parameters IndexParams
//	archive.pack   inputs "tree" (files, links and empty folders) and one "overlay:<path>" (one file) for each of the
//	               parameter overlays; output "archive"; parameters PackParams
//
// The index has the facet of each member.
func Operations(facet files.Facet) []action.Operation {
	return []action.Operation{
		{Name: "archive.index", Version: 5, Run: indexer{facet}.run},
		{Name: "archive.pack", Version: 2, Run: runPack},
	}
}
