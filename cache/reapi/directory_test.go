package reapi

import (
	"cmp"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

// Directories as the API describes them, against which BuildTree is held: it writes their
// encoding without ever having one.

// FileNode is a file in a Directory.
type FileNode struct {
	Name       string // one path segment
	Digest     Digest
	Executable bool
}

// DirectoryNode is a directory in a Directory.
type DirectoryNode struct {
	Name   string // one path segment
	Digest Digest // of the canonical encoding of its Directory
}

// SymlinkNode is a symbolic link in a Directory.
type SymlinkNode struct {
	Name   string // one path segment
	Target string // slash-separated
}

// Directory is one directory of a Merkle tree. In canonical form each list is sorted by
// name (by bytes), and no name occurs twice.
type Directory struct {
	Files       []FileNode
	Directories []DirectoryNode
	Symlinks    []SymlinkNode
}

// Marshal returns the canonical encoding of the directory.
func (d *Directory) Marshal() []byte {
	b := []byte{}
	for _, f := range sorted(d.Files, func(x, y FileNode) int { return cmp.Compare(x.Name, y.Name) }) {
		b = appendNode(b, 1, f.Name, f.Digest, f.Executable)
	}
	for _, c := range sorted(d.Directories, func(x, y DirectoryNode) int { return cmp.Compare(x.Name, y.Name) }) {
		b = appendNode(b, 2, c.Name, c.Digest, false)
	}
	for _, l := range sorted(d.Symlinks, func(x, y SymlinkNode) int { return cmp.Compare(x.Name, y.Name) }) {
		b = appendPair(b, 3, l.Name, l.Target)
	}
	return b
}

// readDirectory decodes a directory with google's decoder.
func readDirectory(t testing.TB, b []byte) *Directory {
	t.Helper()
	m := newMessage("Directory")
	if err := proto.Unmarshal(b, m.Message); err != nil {
		t.Fatal(err)
	}
	d := &Directory{}
	each := func(field string, f func(node message)) {
		list := m.Get(m.field(protoreflect.Name(field))).List()
		for i := range list.Len() {
			f(message{list.Get(i).Message().Interface().(*dynamicpb.Message)})
		}
	}
	each("files", func(n message) { d.Files = append(d.Files, FileNode{Name: n.Get(n.field("name")).String()}) })
	each("directories", func(n message) {
		digest := n.Get(n.field("digest")).Message()
		fields := digest.Descriptor().Fields()
		to, err := ParseDigest(digest.Get(fields.ByName("hash")).String() + "/" + digest.Get(fields.ByName("size_bytes")).String())
		if err != nil {
			t.Fatal(err)
		}
		d.Directories = append(d.Directories, DirectoryNode{n.Get(n.field("name")).String(), to})
	})
	return d
}
