// Package add works out the declaration of a third-party package from what is known of it: its archive, and the files of the tree.
package add
