package vendor

import (
	"bytes"
)

// content is a file that patches may have changed.
type content struct {
	src     *File
	bytes   []byte // after the patches; nil before the first
	patches []string
	broken  bool // a patch did not apply
}

// readAll reads a file; what is there is never nil.
func readAll(f *File) ([]byte, error) {
	if f.Digest.Size > MaxFileBytes {
		return nil, errLarge
	}
	b, err := f.Read()
	if b == nil && err == nil {
		b = []byte{}
	}
	return b, err
}

func (x *content) read() (b []byte, err error) {
	if x.bytes == nil && x.src != nil {
		x.bytes, err = readAll(x.src)
	}
	return x.bytes, err
}

// world is a set of files that patches are applied to.
type world map[string]*content

func worldOf(list []File) world {
	w := make(world, len(list))
	for i := range list {
		w[list[i].Path] = &content{src: &list[i]}
	}
	return w
}

func (w world) has(path string) bool { return w[path] != nil }

// equalBytes reports whether two contents are the same file: no file is not the empty one.
func equalBytes(a, b []byte) bool { return (a == nil) == (b == nil) && bytes.Equal(a, b) }
