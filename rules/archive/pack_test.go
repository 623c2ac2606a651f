package archive

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/action/actiontest"
)

func packCall(params PackParams, overlays map[string]string) *actiontest.Call {
	run := actiontest.File("bin/run", []byte("#!/bin/sh\n"))
	run.Executable = true
	inputs := map[string][]action.File{"tree": {
		run, actiontest.File("a.c", []byte(strings.Repeat("int a;\n", 5000))), actiontest.File("a/z", nil), actiontest.File("a/b/c", []byte("c")),
		actiontest.File("a-b", []byte("x")), actiontest.File("Misc/sbom.spdx.json", []byte("{}")),
		actiontest.File(strings.Repeat("long/", 40)+"é", []byte("long")),
	}}
	for p, body := range overlays {
		inputs["overlay:"+p] = []action.File{actiontest.File("base_sbom.spdx.json", []byte(body))}
	}
	return &actiontest.Call{Parameters: params, Inputs: inputs}
}

var overlays = map[string]string{"Misc/sbom.spdx.json": `{"new": 1}`, "Misc/added": "added"}

func packParams(format string) PackParams {
	return PackParams{Prefix: "Python-3.13.5", Format: format, MTime: 1749656160,
		Overlays: []string{"Misc/sbom.spdx.json", "Misc/added"}}
}

func pack(t testing.TB, c *actiontest.Call) []byte {
	t.Helper()
	if err := runPack(context.Background(), c); err != nil {
		t.Fatal(err)
	}
	if c.Outputs["archive"] == nil {
		t.Fatal("the output was not sealed")
	}
	return c.Outputs["archive"]
}

// TestPackGolden notices when another compressor writes other bytes: raise the version
// of archive.pack then.
func TestPackGolden(t *testing.T) {
	for format, want := range map[string]string{
		"tgz":    "30b30acaf2cfdbe6e730b7ee83c2958a38610777221df16542179794f1006ecc",
		"tar.xz": "7f96cca65052c7c0e9a5cd5095d717fb3fc4995843d11d32fe86fa5e3c0e34ef",
	} {
		b := pack(t, packCall(packParams(format), overlays))
		sum := sha256.Sum256(b)
		if got := hex.EncodeToString(sum[:]); got != want {
			t.Errorf("%s: got %s, want %s", format, got, want)
		}
		c := packCall(packParams(format), overlays)
		files := c.Inputs["tree"]
		for i := range len(files) / 2 {
			j := len(files) - 1 - i
			files[i], files[j] = files[j], files[i]
		}
		if !bytes.Equal(pack(t, c), b) {
			t.Errorf("%s: the bytes depend on the order of the files", format)
		}
	}
}

func TestPackIndexRoundTrip(t *testing.T) {
	for _, format := range []string{"tgz", "tar.xz"} {
		x, data, err := runOn("a", pack(t, packCall(packParams(format), overlays)), IndexParams{})
		if err != nil {
			t.Fatalf("%s: %v", format, err)
		}
		checkMembers(t, x, data)
		var got []string
		for e := range x.All() {
			p := e.Path
			if e.Executable {
				p += "*"
			}
			got = append(got, p)
		}
		want := "Misc/added Misc/sbom.spdx.json a-b a.c a/b/c a/z bin/run* " + strings.Repeat("long/", 40) + "é"
		if got := strings.Join(got, " "); got != want || x.Prefix() != "Python-3.13.5" {
			t.Errorf("%s: got %s, want %s", format, got, want)
		}
		e, _ := x.Lookup("Misc/sbom.spdx.json")
		if b, _ := io.ReadAll(e.Section(bytes.NewReader(data))); string(b) != overlays["Misc/sbom.spdx.json"] {
			t.Errorf("%s: the overlay is not on top: %q", format, b)
		}

		var names []string
		for r := tar.NewReader(bytes.NewReader(data)); ; {
			h, err := r.Next()
			if err != nil {
				break
			}
			names = append(names, h.Name)
			mode := int64(0o644)
			if h.Typeflag == tar.TypeDir || strings.HasSuffix(h.Name, "/run") {
				mode = 0o755
			}
			wantFormat := tar.FormatUSTAR
			if strings.Contains(h.Name, "é") {
				wantFormat = tar.FormatPAX
			}
			if h.Mode != mode || h.ModTime.Unix() != 1749656160 || h.Uid != 0 || h.Gid != 0 || h.Uname != "" || h.Gname != "" || h.Format != wantFormat {
				t.Errorf("%s: %+v", format, h)
			}
		}
		if got := strings.Join(names[:9], " "); got != "Python-3.13.5/ Python-3.13.5/Misc/ Python-3.13.5/Misc/added Python-3.13.5/Misc/sbom.spdx.json "+
			"Python-3.13.5/a-b Python-3.13.5/a.c Python-3.13.5/a/ Python-3.13.5/a/b/ Python-3.13.5/a/b/c" {
			t.Errorf("%s: %s", format, got)
		}
	}
}

// Other programs must read what is written.
func TestPackIsReadElsewhere(t *testing.T) {
	for format, tool := range map[string]string{"tgz": "gzip", "tar.xz": "xz"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Logf("%s is not installed, %s is not tried with it", tool, format)
			continue
		}
		b := pack(t, packCall(packParams(format), overlays))
		_, data, err := runOn("a", b, IndexParams{})
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(tool, "-dc")
		cmd.Stdin = bytes.NewReader(b)
		if out, err := cmd.Output(); err != nil || !bytes.Equal(out, data) {
			t.Errorf("%s -dc: %v, the same bytes: %v", tool, err, bytes.Equal(out, data))
		}
	}
}

func TestPackRefuses(t *testing.T) {
	base := PackParams{Prefix: "p", Format: "tgz"}
	with := func(change func(*PackParams)) PackParams {
		p := base
		change(&p)
		return p
	}
	overlay := func(paths ...string) PackParams {
		return with(func(p *PackParams) { p.Overlays = paths })
	}
	for _, c := range []struct {
		params PackParams
		tree   []action.File
		want   string
	}{
		{with(func(p *PackParams) { p.Prefix = "" }), nil, `prefix "" is empty`},
		{with(func(p *PackParams) { p.Prefix = "../p" }), nil, `prefix "../p" has a ".." segment`},
		{with(func(p *PackParams) { p.Format = "tar.xy" }), nil, `format "tar.xy" is unknown, expected "tgz" or "tar.xz"; did you mean "tar.xz"?`},
		{with(func(p *PackParams) { p.MTime = -1 }), nil, `mtime is -1, expected seconds since 1970, from 0 to 8589934591`},
		{with(func(p *PackParams) { p.MTime = 1 << 33 }), nil, `mtime is 8589934592, expected seconds since 1970, from 0 to 8589934591`},
		{base, nil, `there is nothing to pack: the tree has no files`},
		{base, []action.File{actiontest.File("/a", nil)}, `path "/a" of the tree is absolute`},
		{base, []action.File{actiontest.File("a", nil), actiontest.File("a", nil)}, `path "a" is in the tree twice`},
		{base, []action.File{actiontest.File("a", nil), actiontest.File("a/b", nil)}, `path "a" is both a file and a directory`},
		{overlay("a/../b"), nil, `overlay path "a/../b" has a ".." segment`},
		{overlay("o"), nil, `input "overlay:o" has 0 files, expected one`},
		{overlay("a", "a"), []action.File{actiontest.File("a", nil)}, `overlay path "a" is there twice`},
		{overlay("a"), []action.File{actiontest.File("a/b", nil)}, `path "a" is both a file and a directory`},
		{overlay("a/b/c"), []action.File{actiontest.File("a", nil)}, `path "a" is both a file and a directory`},
		{base, []action.File{{Path: "a", Handle: []byte("grown")}}, ""},
	} {
		inputs := map[string][]action.File{"tree": c.tree,
			"overlay:a": {actiontest.File("x", nil)}, "overlay:a/b/c": {actiontest.File("x", nil)}}
		err := runPack(context.Background(), &actiontest.Call{Parameters: c.params, Inputs: inputs})
		if err == nil || c.want != "" && err.Error() != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := runPack(ctx, packCall(packParams("tgz"), overlays)); err != context.Canceled {
		t.Errorf("cancelled: %v", err)
	}
}
