// Package query answers questions about the graph of targets, in Bazel's query language
// (https://bazel.build/query/language): sets of targets, and functions from sets to sets.
//
//	//pkg:name  //pkg:all  //pkg/...         the targets that a pattern names
//	deps(x)  deps(x, depth)                  x and what it depends on
//	rdeps(u, x)  rdeps(u, x, depth)          what of u, and of all that u depends on, depends on x
//	somepath(a, b)  allpaths(a, b)           a path, all paths, from a to b
//	kind(re, x)  filter(re, x)               of x what has such a kind, such a label
//	attr(name, re, x)                        of x what has such an attribute
//	labels(name, x)                          what the attribute of the targets of x names
//	siblings(x)  buildfiles(x)               all targets, all Starlark files of the packages of x
//	some(x)  some(x, n)                      any n of x
//	owner(path)                              the targets that claim a file of a tree
//	set(a b ...)  let v = x in y  (x)        sets, variables
//	x + y  x - y  x ^ y                      union, except, intersect
//
// # Model
//
// Parse makes an Expr of a text; Expr.Eval asks a Graph, which is all that is known here of the workspace. A set of
// targets has no order until it is told (Result): by label, along the edges, or as a path.
//
// An error points into the expression: its position's file is ExprFile, the line and column those of the text.
package query
