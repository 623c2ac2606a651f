// Package score says how complete an SBOM is: which of the elements that a standard asks for it has, and what is missing where.
//
// # Model
//
// A [Standard] is a list of elements, as its text names them. An element points to a check, which is shared by standards
// that ask for the same thing. A check looks at the document, or at each of its components: the packages of the SPDX 2.3
// JSON, which is what all other formats are made from. What it finds is one of these:
//
//	held      the document says it
//	unknown   the document says NOASSERTION: somebody looked, and does not know
//	missing   the document says nothing
//
// Only what is held counts. An element that no format of the target has a place for is not possible, and counts as not
// held; one that lies outside of any document (a signature) is shown, and does not count.
//
// The score of an element is the share of components that hold it, among those that it is asked of. The score of a
// standard is the mean of its elements' scores, in whole per cent, rounded down, so that 100 means everything. A standard
// that names formats gives nothing to a document in none of them.
//
// A waiver changes no score: it is about the finding that a score is too low.
//
// To score a document, call [Evaluate]; [Operation] is the same as an action. docs/score.md has a table of standards and
// elements, which a test makes of them.
package score
