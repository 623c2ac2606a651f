package rootfs

import (
	"errors"
	"io/fs"
	"strings"
	"time"
)

// tree is what lies in the root, as the layers so far have it.
type tree struct {
	root  *node
	layer int // that is applied
	nodes int // made so far
	steps int // of walks so far, which bound how long hostile links can keep us busy
}

type kind uint8

const (
	folder kind = iota
	file
	symlink
	device // or whatever else is not made
)

// node is a name in the root.
type node struct {
	up     *node // of the root: itself
	name   string
	depth  int // folders above it
	length int // of its path
	kind   kind
	layer  int     // the last that has an entry for it or for something below it
	target string  // of a link
	dir    *dirent // of a folder
}

// dirent is what a folder has. Its attributes are written at the end, when nothing is put into it any more.
type dirent struct {
	children  map[string]*node
	attr      attributes
	attrLayer int // the layer that says what attr is; -1 when none does
}

// attributes are what an entry says of a file or folder beside its content.
type attributes struct {
	mode     uint32 // 07777
	uid, gid int
	mtime    time.Time
}

// unsaid are the attributes of a folder that no entry describes.
var unsaid = attributes{mode: 0o755, mtime: time.Unix(0, 0)}

func newTree() *tree {
	root := &node{kind: folder, layer: -1, dir: newDirent()}
	root.up = root
	return &tree{root: root}
}

func newDirent() *dirent {
	return &dirent{children: map[string]*node{}, attr: unsaid, attrLayer: -1}
}

// add puts a node of the layer that is applied into dir, where none of that name is.
func (t *tree) add(dir *node, name string, k kind) *node {
	n := &node{up: dir, name: strings.Clone(name), depth: dir.depth + 1, length: dir.length + 1 + len(name), kind: k, layer: -1}
	t.nodes++
	if k == folder {
		n.dir = newDirent()
	}
	dir.dir.children[n.name] = n
	t.touch(n)
	return n
}

// touch says that n is of the layer that is applied. So are the folders above it, then.
func (t *tree) touch(n *node) {
	for n.layer != t.layer {
		n.layer = t.layer
		n = n.up
	}
}

// forget takes n out of the tree.
func (n *node) forget() { delete(n.up.dir.children, n.name) }

// below reports whether n is dir or lies in it.
func (n *node) below(dir *node) bool {
	for ; n != dir; n = n.up {
		if n.up == n {
			return false
		}
	}
	return true
}

// path returns the names from the root to n.
func (n *node) path() string {
	if n.up == n {
		return "."
	}
	var names []string
	for ; n.up != n; n = n.up {
		names = append(names, n.name)
	}
	var b strings.Builder
	for i := len(names) - 1; i >= 0; i-- {
		b.WriteString(names[i])
		if i > 0 {
			b.WriteByte('/')
		}
	}
	return b.String()
}

// Reasons why a path leads to no folder.
var (
	errNotFolder = errors.New("is no folder")
	errLoop      = errors.New("is a link that leads round in a circle, or through more than 40 others")
)

// maxLinks is how many links a path may lead through, as in Linux.
const maxLinks = 40

// lookupError says which part of a path leads nowhere.
type lookupError struct {
	at  *node // the part; for fs.ErrNotExist the folder that has it not
	err error
}

func (e *lookupError) Error() string { return e.at.path() + " " + e.err.Error() }
func (e *lookupError) Unwrap() error { return e.err }

// walk returns the folder to which names lead from the root, as a chrooted process would find it. A folder that is missing is made
// by missing; nil makes it an error.
func (t *tree) walk(names []string, missing func(dir *node, name string) (*node, error)) (*node, error) {
	at, links := t.root, 0
	for len(names) > 0 {
		name := names[0]
		names = names[1:]
		t.steps++
		switch name {
		case "", ".":
			continue
		case "..":
			at = at.up
			continue
		}
		n := at.dir.children[name]
		switch {
		case n == nil && missing == nil:
			return nil, &lookupError{at, fs.ErrNotExist}
		case n == nil:
			var err error
			if n, err = missing(at, name); err != nil {
				return nil, err
			}
			at = n
		case n.kind == folder:
			at = n
		case n.kind == symlink:
			if links++; links > maxLinks {
				return nil, &lookupError{n, errLoop}
			}
			if strings.HasPrefix(n.target, "/") {
				at = t.root
			}
			names = append(strings.Split(n.target, "/"), names...)
		default:
			return nil, &lookupError{n, errNotFolder}
		}
	}
	return at, nil
}

// hide takes away what lower layers have at n and below: all of it, or all but what is of this layer. remove takes a node that goes
// from the disk.
func (t *tree) hide(n *node, remove func(*node) error) error {
	if n.layer != t.layer {
		if err := remove(n); err != nil {
			return err
		}
		n.forget()
		return nil
	}
	if n.kind != folder {
		return nil
	}
	if n.dir.attrLayer != t.layer { // it is there for what is in it, as if it had been made anew
		n.dir.attr, n.dir.attrLayer = unsaid, -1
	}
	return t.hideContent(n, remove)
}

// hideContent hides what is in a folder, and not the folder.
func (t *tree) hideContent(dir *node, remove func(*node) error) error {
	for _, child := range dir.dir.children {
		if err := t.hide(child, remove); err != nil {
			return err
		}
	}
	return nil
}
