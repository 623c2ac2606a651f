// Package files reads source trees: the leaves of the build graph.
//
// It is a library of functions without memory of its own; the evaluator makes nodes of them.
// Its model, from the bottom up:
//
//   - A Sig is what lstat says of a path. While it is unchanged, and was not Racy, what was
//     read of the path still holds. It is an accelerator and never reaches an output.
//   - A State is what a path is: absent, a regular file with its digests, a directory, a
//     symbolic link with its target, or something else. Names of files are no part of it.
//   - A listing is a directory's names and their kinds, in byte order.
//   - A Matcher is a set of include and exclude patterns. Expand walks a Tree with it and
//     lists the directories that can match, and no others.
//   - An Ignore answers whether git would leave a path out.
//
// Decisions that hold everywhere:
//
//   - Paths inside a tree are relative, separated by slashes and compared byte by byte, case
//     included, whatever the file system does. The tree's root is "". Order is that of bytes,
//     which for UTF-8 is code-point order.
//   - A symbolic link is a leaf for Read and List, as it is for git. In a file set, a link to a
//     regular file inside the tree counts as that file under the link's name; a link to a
//     directory is not descended; a link that dangles, goes round in circles, is absolute or
//     leads out of the tree is an error that names it, unless the link is excluded.
//   - A name that is not valid UTF-8 is an error when, and only when, a pattern selects it: no
//     JSON document can carry it. Every other name works: spaces, newlines, quotes,
//     backslashes, leading dashes, "..foo".
//   - FIFOs, sockets and devices have kind Other; they are never opened and never selected. A pattern
//     that matches one passes it over, and the selection says so.
//   - A tree that is listed whole (All) may keep links and empty directories as what they are.
//   - A file is executable when its owner may execute it (git's rule). On Windows, which has no
//     such bit, no file is.
//   - Nothing but the tree and its repository's own files is read: git's system and user
//     configuration (core.excludesFile, core.ignoreCase) and its environment variables are not
//     looked at, since an output must not depend on who runs the build.
package files
