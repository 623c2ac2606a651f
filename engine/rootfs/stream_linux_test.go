package rootfs

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/zstd"

	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/engine/oci/ocitest"
)

var one = []entry{{Name: "a", Body: "1"}}

// packed returns a layer of bytes as they are, with a media type that may be wrong.
func packed(archive, bytes []byte, t types.MediaType) ocitest.LayerBlob {
	blob := ocitest.LayerOf(ocitest.None, bytes)
	blob.MediaType, blob.DiffID = t, oci.DigestOf(archive)
	return blob
}

// TestCompression: what is packed in whatever way comes out; what is packed otherwise than is said does not.
func TestCompression(t *testing.T) {
	archive := ocitest.Tar(one...)
	gz, zs := ocitest.LayerOf(ocitest.Gzip, archive).Bytes, ocitest.LayerOf(ocitest.Zstd, archive).Bytes
	part := func(c ocitest.Compression) []byte { // two members or frames, one after the other
		return append(slices.Clone(ocitest.LayerOf(c, archive[:700]).Bytes), ocitest.LayerOf(c, archive[700:]).Bytes...)
	}
	skippable := append([]byte{0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 'x', 'y', 'z'}, zs...)
	var window bytes.Buffer
	w, err := zstd.NewWriter(&window, zstd.WithWindowSize(256<<20), zstd.WithSingleSegment(false))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(w, io.MultiReader(bytes.NewReader(archive), bytes.NewReader(make([]byte, 300<<20)))); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name  string
		bytes []byte
		media types.MediaType
		err   string // after the layer
		kind  oci.Kind
	}{
		{"plain", archive, types.OCIUncompressedLayer, "", ""},
		{"gzip", gz, types.OCILayer, "", ""},
		{"zstd", zs, types.OCILayerZStd, "", ""},
		{"Docker's gzip", gz, types.DockerLayer, "", ""},
		{"Docker's plain", archive, types.DockerUncompressedLayer, "", ""},
		{"not to be distributed", gz, types.OCIRestrictedLayer, "", ""},
		{"two gzip members", part(ocitest.Gzip), types.OCILayer, "", ""},
		{"two zstd frames", part(ocitest.Zstd), types.OCILayerZStd, "", ""},
		{"zstd after a frame to skip", skippable, types.OCILayerZStd, "", ""},
		{"zstd as gzip", zs, types.OCILayer, "is gzip by its media type, and zstd by its first bytes", oci.MediaType},
		{"plain as gzip", archive, types.DockerLayer, "is gzip by its media type, and uncompressed by its first bytes", oci.MediaType},
		{"gzip as plain", gz, types.OCIUncompressedLayer, "is uncompressed by its media type, and gzip by its first bytes", oci.MediaType},
		{"gzip as zstd", gz, types.OCILayerZStd, "is zstd by its media type, and gzip by its first bytes", oci.MediaType},
		{"nothing as gzip", nil, types.OCILayer, "is gzip by its media type, and uncompressed by its first bytes", oci.MediaType},
		{"an encrypted layer", gz, "application/vnd.oci.image.layer.v1.tar+gzip+encrypted", `is no layer that can be unpacked, but "application/vnd.oci.image.layer.v1.tar+gzip+encrypted"`, oci.MediaType},
		{"half of a gzip", gz[:len(gz)/2], types.OCILayer, "cannot be decompressed: unexpected EOF", oci.Malformed},
		{"half of a gzip's header", gz[:5], types.OCILayer, "cannot be decompressed: unexpected EOF", oci.Malformed},
		{"half of a zstd", zs[:len(zs)/2], types.OCILayerZStd, "cannot be decompressed: unexpected EOF", oci.Malformed},
		{"gzip with a tail", append(slices.Clone(gz), "this follows the end of it"...), types.OCILayer, "cannot be decompressed: gzip: invalid header", oci.Malformed},
		{"zstd that refers too far back", window.Bytes(), types.OCILayerZStd, "cannot be decompressed: window size exceeded", oci.Malformed},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStore(t)
			root, err := get(t, s, packed(archive, test.bytes, test.media))
			if test.err == "" {
				if err != nil {
					t.Fatal(err)
				}
				if got := listing(t, root.Path); !slices.Equal(got, []string{"./", "a = 1"}) {
					t.Errorf("got %q", got)
				}
				return
			}
			wantError(t, err, test.kind, test.err)
			nothingLeft(t, s)
		})
	}
}

// wantError checks that err is an *oci.Error about a layer, with that message.
func wantError(t testing.TB, err error, kind oci.Kind, msg string) {
	t.Helper()
	var e *oci.Error
	if !errors.As(err, &e) || e.Kind != kind || e.Msg != msg || !strings.HasPrefix(e.What, "layer sha256:") {
		t.Errorf("got  %v (%v)\nwant %v: %s", err, oci.KindOf(err), kind, msg)
	}
}

// TestDamaged: what is wrong with an image is told by its cause, not by where it shows.
func TestDamaged(t *testing.T) {
	archive := ocitest.Tar(one...)
	for _, c := range []ocitest.Compression{ocitest.None, ocitest.Gzip, ocitest.Zstd} {
		layer := ocitest.LayerOf(c, archive)
		set := ocitest.Image("linux/amd64", layer)
		set.Flip(layer.Digest)
		s := newStore(t)
		_, err := s.Get(t.Context(), set, set.Root.Digest)
		if oci.KindOf(err) != oci.Mismatch {
			t.Errorf("%s, a bit flipped: %v", c, err)
		}
		set = ocitest.Image("linux/amd64", layer)
		set.Remove(layer.Digest)
		if _, err := s.Get(t.Context(), set, set.Root.Digest); !oci.IsMissing(err) {
			t.Errorf("%s, removed: %v", c, err)
		}
		wrong := layer
		wrong.DiffID = oci.DigestOf(nil)
		_, err = get(t, s, wrong)
		wantError(t, err, oci.Mismatch, "unpacks to bytes with the digest "+layer.DiffID.String()+", and the image's config says "+wrong.DiffID.String())
		nothingLeft(t, s)
	}
	s := newStore(t)
	for name, archive := range map[string][]byte{
		"text":             []byte(strings.Repeat("This is no archive. ", 100)),
		"half a header":    archive[:300],
		"half a file":      archive[:512],
		"a wrong checksum": append(append([]byte("b"), archive[1:512]...), archive[512:]...),
	} {
		_, err := get(t, s, ocitest.LayerOf(ocitest.Gzip, archive))
		var e *oci.Error
		if !errors.As(err, &e) || e.Kind != oci.Malformed || !strings.HasPrefix(e.Msg, "is no tar archive, or a damaged one: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	layer := ocitest.LayerOf(ocitest.Gzip, archive)
	for want, set := range map[string]*ocitest.Set{
		"has 1 layers, and its config": ocitest.ImageWith("", func(c *v1.ConfigFile, _ *v1.Manifest) { c.RootFS.DiffIDs = nil }, layer),
		"is an index of images":        ocitest.Index(ocitest.Image("linux/amd64", layer)),
		"is nothing that can be run":   ocitest.ImageWith("", func(_ *v1.ConfigFile, m *v1.Manifest) { m.Config.MediaType = types.OCIEmptyJSON }, layer),
		"is no JSON of an index":       ocitest.Raw(types.OCIManifestSchema1, []byte("{")),
		"has the digest \"sha512:000": ocitest.ImageWith("", func(c *v1.ConfigFile, _ *v1.Manifest) {
			c.RootFS.DiffIDs[0] = v1.Hash{Algorithm: "sha512", Hex: strings.Repeat("0", 128)}
		}, layer),
	} {
		_, err := s.Get(t.Context(), set, set.Root.Digest)
		var e *oci.Error
		if !errors.As(err, &e) || !strings.HasPrefix(e.Msg, want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	for _, digest := range []v1.Hash{{}, {Algorithm: "sha256", Hex: "../../x"}, {Algorithm: "sha256", Hex: strings.Repeat("A", 64)}, {Algorithm: "sha512", Hex: strings.Repeat("a", 128)}} {
		if _, err := s.Get(t.Context(), nil, digest); oci.KindOf(err) != oci.Malformed {
			t.Errorf("%v: %v", digest, err)
		}
	}
	nothingLeft(t, s)
}

// TestLimits: what is too much of anything is refused with the limit's name and value, before it is written.
func TestLimits(t *testing.T) {
	zeros := strings.Repeat("\x00", 1<<20)
	for _, test := range []struct {
		name   string
		limits Limits
		layer  ocitest.LayerBlob
		err    string
	}{
		{"entries", Limits{Entries: 2}, ocitest.Layer(ocitest.Gzip, entry{Name: "a"}, entry{Name: "b"}, entry{Name: "c"}),
			`cannot be unpacked: its entry "c" is one more than an image may have; the limit is 2`},
		{"folders", Limits{Entries: 2}, ocitest.Layer(ocitest.Gzip, entry{Name: "a/b/c"}),
			`cannot be unpacked: its entry "a/b/c" is one more, with the folders that entries lie in, than an image may have; the limit is 2`},
		{"a file", Limits{File: 10}, ocitest.Layer(ocitest.Gzip, entry{Name: "a", Body: "12345678901"}),
			`cannot be unpacked: its entry "a" has 11 bytes; the limit of a file is 10`},
		{"files", Limits{Bytes: 2000}, ocitest.Layer(ocitest.Gzip, entry{Name: "a", Body: zeros[:2001]}),
			`cannot be unpacked: its entry "a" is one too many: the files of the image have more than 2000 bytes together, which is the limit`},
		{"a layer", Limits{Bytes: 2000}, ocitest.Layer(ocitest.Gzip, entry{Name: "a"}, entry{Name: "b"}, entry{Name: "c"}),
			"is not unpacked: the layers of the image have more than 2000 bytes together, which is the limit"},
		{"a path", Limits{Path: 5}, ocitest.Layer(ocitest.Gzip, entry{Name: "abc/de"}), `cannot be unpacked: its entry "abc/de" has a name of 6 bytes; the limit is 5`},
		{"depth", Limits{Depth: 2}, ocitest.Layer(ocitest.Gzip, entry{Name: "a/b/c"}, entry{Name: "a/b/d/e"}),
			`cannot be unpacked: its entry "a/b/d/e" lies more than 2 folders deep, which is the limit`},
		{"steps", Limits{Entries: 60}, ocitest.Layer(ocitest.Gzip, slices.Concat([]entry{{Name: "l", Link: strings.Repeat("./", 2000)}}, slices.Repeat([]entry{{Name: "l/a"}}, 10))...),
			`cannot be unpacked: its entry "l/a" is one too many: the names of the image lead through more than 6000 folders and links together, which is the limit`},
		{"a bomb in gzip", Limits{Ratio: 100, Free: 64 << 10}, ocitest.LayerOf(ocitest.Gzip, append(ocitest.Tar(one...), zeros...)),
			"is not unpacked: it unpacks to more than 100 times its size, which is the limit"},
		{"a bomb in zstd", Limits{Ratio: 1000, Free: 64 << 10}, ocitest.LayerOf(ocitest.Zstd, append(ocitest.Tar(one...), zeros...)),
			"is not unpacked: it unpacks to more than 1000 times its size, which is the limit"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStore(t)
			s.Limits = DefaultLimits
			for to, limit := range map[*int64]int64{&s.Limits.Bytes: test.limits.Bytes, &s.Limits.File: test.limits.File, &s.Limits.Ratio: test.limits.Ratio, &s.Limits.Free: test.limits.Free} {
				if limit != 0 {
					*to = limit
				}
			}
			for to, limit := range map[*int]int{&s.Limits.Entries: test.limits.Entries, &s.Limits.Path: test.limits.Path, &s.Limits.Depth: test.limits.Depth} {
				if limit != 0 {
					*to = limit
				}
			}
			_, err := get(t, s, test.layer)
			wantError(t, err, oci.Malformed, test.err)
			nothingLeft(t, s)
		})
	}
}

// bomb is a Source of an image whose one layer never ends: 1 TB of zeros, made as it is read.
type bomb struct{ *ocitest.Set }

func (b bomb) Blob(ctx context.Context, d v1.Descriptor) (io.ReadCloser, error) {
	if d.MediaType != types.OCIUncompressedLayer {
		return b.Set.Blob(ctx, d)
	}
	return io.NopCloser(io.MultiReader(bytes.NewReader(ocitest.Tar(one...)), io.LimitReader(zeros{}, 1<<40))), nil
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestEndless: a layer that is not as large as it says ends at the limit, even when a Source does not see to it.
func TestEndless(t *testing.T) {
	set := ocitest.Image("linux/amd64", ocitest.Layer(ocitest.None, one...))
	s := newStore(t)
	s.Limits = DefaultLimits
	s.Limits.Bytes = 10 << 20
	_, err := s.Get(t.Context(), bomb{set}, set.Root.Digest)
	wantError(t, err, oci.Malformed, "is not unpacked: the layers of the image have more than 10485760 bytes together, which is the limit")
}

// TestGNUTar: archives in every format that GNU tar writes, with long names and sparse files, come out as the files that went in.
func TestGNUTar(t *testing.T) {
	program, err := exec.LookPath("tar")
	if err != nil {
		t.Skip("there is no tar")
	}
	if out, _ := exec.Command(program, "--version").Output(); !bytes.Contains(out, []byte("GNU tar")) {
		t.Skip("tar is not GNU tar")
	}
	dir := t.TempDir()
	long := strings.Repeat("long-name-", 12)
	for _, d := range []string{"d", "d/" + long, "d/" + long + "/" + long} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, content := range map[string]string{"d/a": "1", "d/" + long + "/" + long + "/x": "2", "d/caf\xe9": "3"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	sparse, err := os.Create(filepath.Join(dir, "d/sparse"))
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int64{100_000, 300_000} {
		if _, err := sparse.WriteAt([]byte("data"), at); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(sparse.Truncate(500_000), sparse.Close()); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Link(filepath.Join(dir, "d/a"), filepath.Join(dir, "d/b")), os.Symlink(long+"/"+long, filepath.Join(dir, "d/l"))); err != nil {
		t.Fatal(err)
	}
	precise := time.Unix(1_000_000_000, 123_456_789)
	if err := os.Chtimes(filepath.Join(dir, "d/a"), precise, precise); err != nil {
		t.Fatal(err)
	}
	want := listing(t, filepath.Join(dir, "d"))
	for _, format := range [][]string{{"--format=gnu"}, {"--format=gnu", "--sparse"}, {"--format=pax"}, {"--format=pax", "--sparse", "--sparse-version=0.0"},
		{"--format=pax", "--sparse", "--sparse-version=0.1"}, {"--format=pax", "--sparse", "--sparse-version=1.0"}, {"--format=pax", "--pax-option=globexthdr.name=g,comment=c"}} {
		archive, err := exec.Command(program, append(format, "--sort=name", "-C", filepath.Join(dir, "d"), "-c", ".")...).Output()
		if err != nil {
			t.Fatal(format, err)
		}
		root, err := get(t, newStore(t), ocitest.LayerOf(ocitest.None, archive))
		if err != nil {
			t.Errorf("%q: %v", format, err)
			continue
		}
		if got := listing(t, root.Path); !slices.Equal(got, want) {
			t.Errorf("%q: got\n%.2000q\nwant\n%.2000q", format, got, want)
		}
		extracted := t.TempDir()
		extract := exec.Command(program, "-x", "-p", "--numeric-owner", "-C", extracted)
		extract.Stdin = bytes.NewReader(archive)
		if out, err := extract.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		ours, err1 := inventory(root.Path, root.Owners)
		theirs, err2 := inventory(extracted, root.Owners)
		if err := errors.Join(err1, err2); err != nil || ours != theirs {
			t.Errorf("%q: not what tar -x makes, %v", format, err)
		}
		mtime := precise // GNU tar's own format has whole seconds
		if format[0] == "--format=gnu" {
			mtime = precise.Truncate(time.Second)
		}
		if fi, err := os.Stat(filepath.Join(root.Path, "a")); err != nil || !fi.ModTime().Equal(mtime) {
			t.Errorf("%q: %v, %v; want %v", format, fi.ModTime(), err, mtime)
		}
	}
	// 1 TB of nothing is a few bytes in the archive.
	if err := os.Truncate(filepath.Join(dir, "d/sparse"), 1<<40); err != nil {
		t.Fatal(err)
	}
	archive, err := exec.Command(program, "--sparse", "-C", filepath.Join(dir, "d"), "-c", "sparse").Output()
	if err != nil {
		t.Fatal(err)
	}
	_, err = get(t, newStore(t), ocitest.LayerOf(ocitest.None, archive))
	wantError(t, err, oci.Malformed, `cannot be unpacked: its entry "sparse" has 1099511627776 bytes; the limit of a file is 17179869184`)
}
