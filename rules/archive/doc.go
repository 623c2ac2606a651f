// Package archive reads and writes source archives: .tar.xz, .tar.gz (.tgz) and .tar.
//
// Reading is one operation, archive.index: a single pass turns an archive into the pair that
// package tree describes, the bytes of the uncompressed archive and a manifest of its
// regular files with all their checksums. Three stages run side by side, linked by a few
// pooled buffers, so that memory is constant and the slowest of them, the decoder, sets the pace:
//
//	decode (xz, gzip) ──► write data ──► parse tar, hash members
//
// What kind of archive it is, its first bytes say, never its name. An archive is hostile until
// proven otherwise: every size, count and path is bounded or checked (see walker), and a damaged
// stream is blamed before anything that it decodes to.
//
// Writing is archive.pack: a file set becomes an archive whose bytes depend on the paths, bytes
// and executable bits of its files and on nothing else.
//
// Links. A tree has regular files only. A hard link, and a symbolic link that leads to a regular
// file of the same archive, therefore is a file with the bytes of what it leads to; every other
// link is an error. Directories are not listed, so an empty one leaves no trace.
package archive

import (
	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/files"
)

// Operations returns the operations of this package.
//
//	archive.index  input "archive" (one file); outputs "index", "data"; parameters IndexParams
//	archive.pack   inputs "tree" (files) and one "overlay:<path>" (one file) for each of the
//	               parameter overlays; output "archive"; parameters PackParams
//
// The index has the facet of each member.
func Operations(facet files.Facet) []action.Operation {
	return []action.Operation{
		{Name: "archive.index", Version: 5, Run: indexer{facet}.run},
		{Name: "archive.pack", Version: 1, Run: runPack},
	}
}
