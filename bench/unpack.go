package main

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/engine/oci/ocitest"
	"github.com/sbomctl/sbomctl/engine/rootfs"
)

// unpack measures how long an image's root filesystem takes, against GNU tar over the same layers, and how long one that is there. No
// command of sbomctl does just that, so this program runs itself with -unpack.
func unpack(b *bench) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for _, c := range []ocitest.Compression{ocitest.Gzip, ocitest.Zstd} {
		dir := filepath.Join(b.temp, string(c))
		// The image is made by a process of its own: the system counts a parent's memory as its children's.
		if out, err := exec.Command(self, "-image="+dir, string(c)).CombinedOutput(); err != nil {
			return fmt.Errorf("making the image: %w\n%s", err, out)
		}
		layers, err := layerFiles(dir)
		if err != nil {
			return err
		}
		runs := 0 // a new folder for each: some file systems are slow where files were just deleted
		fresh := func(name string) string { return filepath.Join(b.temp, fmt.Sprint(name, "-", c, "-", runs)) }
		option := map[ocitest.Compression]string{ocitest.Gzip: "--gzip", ocitest.Zstd: "--zstd"}[c]
		extract := `mkdir "$0"; for layer; do tar ` + option + ` -xf "$layer" -C "$0" || exit; done`
		err = b.against(
			step{
				name:   "5,000 files of 150 MB in 3 layers, " + string(c),
				before: func() error { runs++; return nil },
				cmd:    func() *exec.Cmd { return exec.Command(self, "-unpack="+dir, fresh("store")) },
				after:  func() error { return rootfs.Remove(fresh("store")) },
			},
			step{
				name: "tar -x",
				cmd: func() *exec.Cmd {
					return exec.Command("sh", append([]string{"-c", extract, fresh("tar")}, layers...)...)
				},
				after: func() error { return rootfs.Remove(fresh("tar")) },
			}, "1.3")
		if err != nil {
			return err
		}
	}
	dir, store := filepath.Join(b.temp, string(ocitest.Zstd)), filepath.Join(b.temp, "store")
	_, err = b.alone(step{
		name: "the same, unpacked before",
		cmd:  func() *exec.Cmd { return exec.Command(self, "-unpack="+dir, store) },
	}, "5 ms with the start of a process")
	return err
}

// writeImage is what -image does: it puts the image that is unpacked into a layout.
func writeImage(dir string, c ocitest.Compression) error {
	var blobs []ocitest.LayerBlob
	for _, archive := range archives() {
		blobs = append(blobs, ocitest.LayerOf(c, archive))
	}
	ocitest.Image("linux/amd64", blobs...).WriteLayout(dir)
	return nil
}

// layerFiles returns the files of the layers of the one image of a layout.
func layerFiles(dir string) ([]string, error) {
	l, err := oci.OpenLayout(dir)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	_, m, err := oci.Find(context.Background(), l, l.Roots()[0].Digest, oci.HostPlatform())
	if err != nil {
		return nil, err
	}
	var files []string
	for _, layer := range m.Layers {
		files = append(files, filepath.Join(dir, "blobs", "sha256", layer.Digest.Hex))
	}
	return files, nil
}

// unpackLayout is what -unpack does: it puts the one image of a layout into a store.
func unpackLayout(layout, store string) error {
	l, err := oci.OpenLayout(layout)
	if err != nil {
		return err
	}
	defer l.Close()
	_, err = (&rootfs.Store{Dir: store}).Get(context.Background(), l, l.Roots()[0].Digest)
	return err
}

// archives returns three layers as tar archives: the first has most of the files, and the others replace some of them. Contents compress
// about as programs and their libraries do, to a third.
func archives() [][]byte {
	random := rand.New(rand.NewPCG(1, 2))
	words := make([][]byte, 2048)
	for i := range words {
		words[i] = binary.LittleEndian.AppendUint64(nil, random.Uint64())[:3+i%6]
	}
	var layers [][]byte
	for layer, n := range []int{4000, 700, 300} {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		for i := range n {
			dir := fmt.Sprintf("usr/lib/package%d/part%d", (i+layer*7)/50, i%50/25)
			if i%25 == 0 {
				w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: 0o755})
			}
			size := 4000 + random.IntN(8000)
			if i%20 == 0 {
				size = 300_000 + random.IntN(450_000)
			}
			content := make([]byte, 0, size+8)
			for len(content) < size {
				content = append(content, words[random.IntN(len(words))]...)
			}
			w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: fmt.Sprintf("%s/file%d", dir, i), Mode: 0o644, Size: int64(size)})
			w.Write(content[:size])
		}
		w.Close()
		layers = append(layers, b.Bytes())
	}
	return layers
}
