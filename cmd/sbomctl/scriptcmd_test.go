package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptCommands are the commands that the scripts have beside testscript's own. They make the
// files that a script cannot hold as text, good ones and bad ones.
//
//	mkarchive FILE MEMBER...    a tar archive; gzip'ed when FILE ends in gz
//	mkwheel FILE MEMBER...      a zip archive
//	damage FILE cut=N|flip=N    drops the last N bytes; inverts the byte at offset N (from the end, when negative)
//	filesum FILE VAR            sets VAR to the SHA-256 of FILE
//	mkimage DIR VAR NAME=TEXT...  an OCI layout in DIR; see the condition [container]
//	barepath                    leaves no program in PATH but sbomctl
//	smalldisk DIR BYTES         mounts a file system of that size on DIR; see the condition [smalldisk]
//
// A MEMBER is one of
//
//	NAME=SOURCE     the file, or every file below the folder, SOURCE; SOURCE may be NAME's text after "text:"
//	NAME/           a directory
//	NAME!zeros=N    a file of N zeros
//	NAME!device, NAME!fifo, NAME!link=TARGET, NAME!hardlink=TARGET
var scriptCommands = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	"mkarchive": makeArchive,
	"mkwheel":   makeWheel,
	"damage":    damageFile,
	"filesum":   fileSum,
	"smalldisk": smallDisk,
	"mkimage":   makeImage,
	"barepath":  barePath,
}

func makeArchive(ts *testscript.TestScript, _ bool, args []string) {
	if strings.HasSuffix(args[0], ".zip") {
		makeZip(ts, args[0], args[1:])
		return
	}
	var b bytes.Buffer
	var out io.Writer = &b
	var z io.WriteCloser
	switch {
	case strings.HasSuffix(args[0], "gz"):
		z = gzip.NewWriter(&b)
		out = z
	case strings.HasSuffix(args[0], "zst"):
		var err error
		z, err = zstd.NewWriter(&b)
		ts.Check(err)
		out = z
	}
	w := tar.NewWriter(out)
	for _, m := range args[1:] {
		addMember(ts, w, m)
	}
	ts.Check(w.Close())
	if z != nil {
		ts.Check(z.Close())
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b.Bytes(), 0o666))
}

// makeZip makes a zip archive of members as makeArchive does.
func makeZip(ts *testscript.TestScript, name string, members []string) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	add := func(h *zip.FileHeader, mode fs.FileMode, data []byte) {
		h.SetMode(mode)
		out, err := w.CreateHeader(h)
		ts.Check(err)
		_, err = out.Write(data)
		ts.Check(err)
	}
	for _, m := range members {
		if link, target, ok := strings.Cut(m, "!link="); ok {
			add(&zip.FileHeader{Name: link}, fs.ModeSymlink|0o777, []byte(target))
		} else if encrypted, ok := strings.CutSuffix(m, "!encrypted"); ok {
			out, err := w.CreateRaw(&zip.FileHeader{Name: encrypted, Flags: 1, CompressedSize64: 12, UncompressedSize64: 1})
			ts.Check(err)
			_, err = out.Write(make([]byte, 12))
			ts.Check(err)
		} else if strings.HasSuffix(m, "/") {
			add(&zip.FileHeader{Name: m}, fs.ModeDir|0o755, nil)
		} else {
			for _, f := range contents(ts, m) {
				add(&zip.FileHeader{Name: f.name, Method: zip.Deflate}, 0o644, f.data)
			}
		}
	}
	ts.Check(w.Close())
	ts.Check(os.WriteFile(ts.MkAbs(name), b.Bytes(), 0o666))
}

func addMember(ts *testscript.TestScript, w *tar.Writer, member string) {
	h := &tar.Header{Mode: 0o644, Format: tar.FormatPAX}
	add := func(data io.Reader) {
		ts.Check(w.WriteHeader(h))
		_, err := io.Copy(w, data)
		ts.Check(err)
	}
	if name, special, ok := strings.Cut(member, "!"); ok {
		kind, value, _ := strings.Cut(special, "=")
		h.Name, h.Linkname = name, value
		switch kind {
		case "zeros":
			n, err := strconv.ParseInt(value, 10, 64)
			ts.Check(err)
			h.Size, h.Linkname, h.Typeflag = n, "", tar.TypeReg
			add(io.LimitReader(zeros{}, n))
			return
		case "device":
			h.Typeflag, h.Devmajor, h.Devminor = tar.TypeChar, 1, 3
		case "fifo":
			h.Typeflag = tar.TypeFifo
		case "link":
			h.Typeflag = tar.TypeSymlink
		case "hardlink":
			h.Typeflag = tar.TypeLink
		default:
			ts.Fatalf("unknown kind of member %q", special)
		}
		add(bytes.NewReader(nil))
		return
	}
	if strings.HasSuffix(member, "/") {
		h.Name, h.Typeflag, h.Mode = member, tar.TypeDir, 0o755
		add(bytes.NewReader(nil))
		return
	}
	for _, f := range contents(ts, member) {
		h = &tar.Header{Name: f.name, Size: int64(len(f.data)), Mode: 0o644, Typeflag: tar.TypeReg, Format: tar.FormatPAX}
		add(bytes.NewReader(f.data))
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

type content struct {
	name string
	data []byte
}

// contents returns the files that NAME=SOURCE stands for.
func contents(ts *testscript.TestScript, member string) []content {
	name, source, ok := strings.Cut(member, "=")
	if !ok {
		ts.Fatalf("member %q is not of the form NAME=SOURCE", member)
	}
	if text, ok := strings.CutPrefix(source, "text:"); ok {
		return []content{{name, []byte(text)}}
	}
	root := ts.MkAbs(source)
	var all []content
	ts.Check(filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err == nil {
			all = append(all, content{path.Join(name, filepath.ToSlash(rel)), data})
		}
		return err
	}))
	return all
}

func makeWheel(ts *testscript.TestScript, _ bool, args []string) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range args[1:] {
		for _, f := range contents(ts, m) {
			out, err := w.Create(f.name)
			ts.Check(err)
			_, err = out.Write(f.data)
			ts.Check(err)
		}
	}
	ts.Check(w.Close())
	name := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(filepath.Dir(name), 0o777))
	ts.Check(os.WriteFile(name, b.Bytes(), 0o666))
}

func damageFile(ts *testscript.TestScript, _ bool, args []string) {
	name := ts.MkAbs(args[0])
	data, err := os.ReadFile(name)
	ts.Check(err)
	how, value, _ := strings.Cut(args[1], "=")
	n, err := strconv.Atoi(value)
	ts.Check(err)
	switch how {
	case "cut":
		data = data[:len(data)-n]
	case "flip":
		if n < 0 {
			n += len(data)
		}
		data[n] ^= 0xff
	default:
		ts.Fatalf("unknown damage %q", how)
	}
	ts.Check(os.WriteFile(name, data, 0o666))
}

func fileSum(ts *testscript.TestScript, _ bool, args []string) {
	data, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Setenv(args[1], fmt.Sprintf("%x", sha256.Sum256(data)))
}

// timeless is a program for scripts: it runs its arguments and takes the time out of the summary on
// stderr, so that the rest can be compared.
func timeless() { filtered(regexp.MustCompile(`(?m), \d+\.\d\d s$`)) }

// diagnostics is the same for errors: nothing is left but errors, warnings and hints. What ran beside a
// failing action, and in which order, depends on timing.
func diagnostics() {
	filtered(regexp.MustCompile(`(?m)^sbomctl: (ran .*|((build failed: )?\d+ ran, .* s))\n`))
}

// filtered runs the program's arguments as a command and takes out of its stderr what drop matches.
func filtered(drop *regexp.Regexp) {
	cmd := exec.Command(os.Args[1], os.Args[2:]...)
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, &stderr
	err := cmd.Run()
	_, _ = os.Stderr.Write(drop.ReplaceAll(stderr.Bytes(), nil))
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		os.Exit(exit.ExitCode())
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(127)
	}
}

// scriptCondition knows [smalldisk]: whether the command smalldisk works here. Mounting takes a privilege that
// not every machine gives.
func scriptCondition(cond string) (bool, error) {
	if cond == "container" {
		return canContain(), nil
	}
	if cond != "smalldisk" {
		return false, fmt.Errorf("unknown condition %q", cond)
	}
	return canMount(), nil
}

var canMount = sync.OnceValue(func() bool {
	dir, err := os.MkdirTemp("", "smalldisk")
	if err != nil {
		return false
	}
	defer os.Remove(dir)
	if exec.Command("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", dir).Run() != nil {
		return false
	}
	return exec.Command("umount", dir).Run() == nil
})

func smallDisk(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o777))
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size="+args[1], "tmpfs", dir).CombinedOutput(); err != nil {
		ts.Fatalf("cannot mount a file system: %s", out)
	}
	ts.Defer(func() { _ = exec.Command("umount", "-l", dir).Run() })
}

// crlf FILE makes the ends of a file's lines those of Windows.
func init() {
	scriptCommands["crlf"] = func(ts *testscript.TestScript, _ bool, args []string) {
		data, err := os.ReadFile(ts.MkAbs(args[0]))
		ts.Check(err)
		ts.Check(os.WriteFile(ts.MkAbs(args[0]), bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n")), 0o666))
	}
}
