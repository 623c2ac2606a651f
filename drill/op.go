package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// op is one change of a world. It is complete in itself, so that a sequence from which others were
// dropped can be done again; what cannot be done any more is left undone. Paths are relative to the
// world, with slashes.
type op struct {
	verb string
	path string
	arg  string // text of a file, target of a link or rename, arguments of git
}

func (o op) String() string {
	if o.arg == "" {
		return o.verb + " " + o.path
	}
	return fmt.Sprintf("%s %s %q", o.verb, o.path, o.arg)
}

// verbs are what an op can do. All of them replace whatever was at the path.
var verbs = map[string]func(w *world, path, arg string) error{
	"write": func(w *world, path, arg string) error { return putFile(path, []byte(arg), 0o666) },
	"append": func(w *world, path, arg string) error {
		if b, err := readRegular(path); err == nil {
			return os.WriteFile(path, append(b, arg...), 0o666)
		}
		return nil
	},
	// stealth changes bytes and neither size nor modification time.
	"stealth": func(w *world, path, arg string) error {
		b, err := readRegular(path)
		if err != nil || len(b) == 0 {
			return err
		}
		info, err := os.Lstat(path)
		if err != nil {
			return err
		}
		b[len(b)/2] ^= 1
		if err := os.WriteFile(path, b, 0o666); err != nil {
			return err
		}
		return os.Chtimes(path, info.ModTime(), info.ModTime())
	},
	"touch": func(w *world, path, arg string) error { return os.Chtimes(path, time.Time{}, time.Now()) },
	"chmod": func(w *world, path, arg string) error {
		info, err := os.Lstat(path)
		if err != nil || info.Mode()&os.ModeSymlink != 0 {
			return err
		}
		return os.Chmod(path, info.Mode().Perm()^0o111)
	},
	"remove": func(w *world, path, arg string) error { return os.RemoveAll(path) },
	"folder": func(w *world, path, arg string) error {
		if err := makeRoom(path); err != nil {
			return err
		}
		return os.Mkdir(path, 0o777)
	},
	"link": func(w *world, path, arg string) error {
		if err := makeRoom(path); err != nil {
			return err
		}
		return os.Symlink(arg, path)
	},
	"fifo": func(w *world, path, arg string) error {
		if err := makeRoom(path); err != nil {
			return err
		}
		return syscall.Mkfifo(path, 0o666)
	},
	"rename": func(w *world, path, arg string) error { return os.Rename(path, w.path(arg)) },
	"archive": func(w *world, path, arg string) error {
		b, err := archive(arg)
		if err != nil {
			return err
		}
		return putFile(path, b, 0o666)
	},
	"git": func(w *world, path, arg string) error {
		cmd := exec.Command("git", strings.Fields(arg)...)
		cmd.Dir, cmd.Env = path, w.env()
		return cmd.Run()
	},
	// clean removes the outputs, or with an argument what sbomctl remembers too.
	"clean": func(w *world, path, arg string) error {
		w.sbomctl(append([]string{"clean", "--disk_cache=" + w.cache}, strings.Fields(arg)...)...)
		return nil
	},
	// program puts the binary in place anew: the same version with another modification time.
	"program": func(w *world, path, arg string) error {
		b, err := os.ReadFile(w.program)
		if err != nil {
			return err
		}
		return putFile(w.program, b, 0o777)
	},
}

// do does the operation. That it cannot be done is no error: a sequence that is being shrunk has
// such ones, and whatever lies there then is what both builds get.
func (o op) do(w *world) {
	_ = verbs[o.verb](w, w.path(o.path), o.arg)
}

// makeRoom removes what is at a path and makes the folder for it.
func makeRoom(path string) error {
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	return os.MkdirAll(filepath.Dir(path), 0o777)
}

// putFile makes the path a new regular file: whatever was there is gone, a link is not followed.
func putFile(path string, b []byte, mode os.FileMode) error {
	if err := makeRoom(path); err != nil {
		return err
	}
	return os.WriteFile(path, b, mode)
}

// readRegular reads a file that is neither link nor pipe.
func readRegular(path string) ([]byte, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", path)
	}
	return os.ReadFile(path)
}

// archive returns a .tar.gz with members that the word decides.
func archive(word string) ([]byte, error) {
	r := rand.New(rand.NewPCG(uint64(len(word)), hash(word)))
	var buf bytes.Buffer
	zip := gzip.NewWriter(&buf)
	w := tar.NewWriter(zip)
	for _, o := range treeOps(r, "pack-1.0") {
		h := &tar.Header{Name: o.path, Mode: 0o644, Typeflag: tar.TypeReg, Size: int64(len(o.arg))}
		if err := w.WriteHeader(h); err != nil {
			return nil, err
		}
		if _, err := w.Write([]byte(o.arg)); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	err := zip.Close()
	return buf.Bytes(), err
}

// hash is FNV-1a.
func hash(s string) uint64 {
	h := uint64(14695981039346656037)
	for _, b := range []byte(s) {
		h = (h ^ uint64(b)) * 1099511628211
	}
	return h
}
