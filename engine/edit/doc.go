// Package edit changes Starlark files by bytes: a value, an element, an attribute, a call. Everything else of the
// file stays as its author wrote it.
//
// To edit a file: Parse it, find a call (CallAt), change it (Set, Append, Remove), and take Bytes.
//
//	f, err := edit.Parse("BUILD.star", content)
//	c, err := f.CallAt(pos) // where the engine says that a target is declared
//	err = c.Set("version", "2.8.2")
//	err = c.Remove("exclude[1]")
//	err = f.Load("@sbomctl//:rules.star", "http_file")
//	err = f.Append(`http_file(name = "x")`)
//	write(f.Bytes())
//
// # Model
//
// The dialect's own parser gives the syntax tree, so what is edited is what is run, and positions are those of every
// message. The tree has no byte offsets, so the file is also cut into tokens, which have them (token.go). An edit is a set
// of splices of the bytes, and the same edit of the tree:
//
//	content ── splices ──► new content ── parse ──► tree of the result ─┐
//	tree ───── the same edit ──────────► tree that was meant ──────────┴─ must be equal
//
// Where the two trees differ, or a comment is gone, the edit is an error, and the file is as it was. Only literals
// are edited: a value that is computed is an error with the place of the expression (ErrNotLiteral), for
// a person to edit.
//
// A place in a call is written as in diag.Error.Attr: "version", or "exclude[2]" for an element; "0" is an argument without a name. A Call stays valid through edits of
// its file; element numbers are those of the moment, so several elements are edited from the last to the first.
package edit
