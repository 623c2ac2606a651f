package main

import (
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/sbomctl/sbomctl/engine/oci/ocitest"
)

// canContain reports whether a static busybox can be run in a sandbox here: the condition [container].
var canContain = sync.OnceValue(func() bool {
	if exec.Command("bwrap", "--ro-bind", "/", "/", "true").Run() != nil {
		return false
	}
	_, err := exec.LookPath("busybox")
	return err == nil
})

// mkimage DIR VAR NAME=TEXT... makes an OCI layout in DIR of an image for this machine with a static busybox, and files besides: executable ones
// when their name begins with bin/. It sets VAR to the digest of its index.
func makeImage(ts *testscript.TestScript, _ bool, args []string) {
	digest, err := tinyImage(ts.MkAbs(args[0]), args[2:]...)
	ts.Check(err)
	ts.Setenv(args[1], digest)
}

func tinyImage(dir string, files ...string) (digest string, err error) {
	path, err := exec.LookPath("busybox")
	if err != nil {
		return "", err
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	entries := []ocitest.Entry{{Name: "bin/"}, {Name: "bin/busybox", Body: string(b), Mode: 0o755}}
	for _, applet := range []string{"sh", "cat", "ls", "date", "id", "mkdir", "chmod", "sort", "cp", "sed", "env", "tr", "sleep"} {
		entries = append(entries, ocitest.Entry{Name: "bin/" + applet, Link: "busybox"})
	}
	for _, arg := range files {
		name, text, _ := strings.Cut(arg, "=")
		mode := int64(0o644)
		if strings.HasPrefix(name, "bin/") {
			mode = 0o755
		}
		entries = append(entries, ocitest.Entry{Name: name, Body: strings.ReplaceAll(text, `\n`, "\n"), Mode: mode})
	}
	image := ocitest.ImageWith("linux/"+runtime.GOARCH, func(c *v1.ConfigFile, _ *v1.Manifest) { c.Config.Env = []string{"PATH=/bin"} }, ocitest.Layer(ocitest.Gzip, entries...))
	index := ocitest.Index(image)
	index.WriteLayout(dir)
	return index.Root.Digest.String(), nil
}

// barepath leaves no program in PATH but sbomctl.
func barePath(ts *testscript.TestScript, _ bool, _ []string) {
	first, _, _ := strings.Cut(ts.Getenv("PATH"), string(os.PathListSeparator))
	ts.Setenv("PATH", first)
}
