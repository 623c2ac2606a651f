// Package signals tells vendored code by what its files say: whose copyright, which licence, and the names that
// projects give to files about their origin.
//
// # Model
//
//	bytes ──Scan──► signals of one file ──┐
//	                                      ├─Find──► libraries: places with reasons
//	paths ────────────────────────────────┘
//
// Scan reads the head of one file and knows nothing of others, so what it says can be kept beside the file's digest
// (Facet does that). Find looks at all files of a tree together: it learns whose tree it is, and gathers the
// files of other people into few places. ParseMetadata reads the files in which projects state what they vendored.
//
// Nothing here is sure. A copyright line is evidence that a file came from elsewhere, and a folder full of such files is
// a library; a contributor's name at the head of one file is neither. What Find returns is for a person to judge,
// so it is short, and each place says why it is there.
//
// To look at a tree: Scan each file, then Find. To read a metadata file: IsMetadata, then ParseMetadata.
package signals
