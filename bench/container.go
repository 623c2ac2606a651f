package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/sbomctl/sbomctl/engine/oci/ocitest"
)

// containers measures a command in a tiny image: what it costs to run it, and that it costs nothing to find it in the cache. There, the only
// bubblewrap in PATH is one that fails, so that nothing can have been started.
func containers(b *bench) error {
	busybox, err := exec.LookPath("busybox")
	if err == nil {
		_, err = exec.LookPath("bwrap")
	}
	if err != nil {
		fmt.Println("skipped: needs bubblewrap and a static busybox: apt-get install bubblewrap busybox-static")
		return nil
	}
	program, err := os.ReadFile(busybox)
	if err != nil {
		return err
	}
	image := ocitest.Image("linux/"+runtime.GOARCH, ocitest.Layer(ocitest.Gzip, ocitest.Entry{Name: "bin/sh", Body: string(program), Mode: 0o755}))
	dir, broken := filepath.Join(b.temp, "workspace"), filepath.Join(b.temp, "broken")
	image.WriteLayout(filepath.Join(dir, "image"))
	files := map[string]string{
		filepath.Join(dir, "sbom.star"): "",
		filepath.Join(dir, "in"):        "",
		filepath.Join(dir, "BUILD.star"): fmt.Sprintf(`load("@sbomctl//:rules.star", "container_image", "container_run")
container_image(name = "image", repository = "example.invalid/image", tag = "1", digest = %q, oci_layout = "image")
container_run(name = "made", image = ":image", command = ["/bin/sh", "-c", ": >out"], srcs = ["in"], outs = ["out"], platform = "linux/%s")
`, image.Root.Digest, runtime.GOARCH),
		filepath.Join(broken, "bwrap"): "#!/bin/sh\nexit 1\n",
	}
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(name, []byte(text), 0o777); err != nil {
			return err
		}
	}
	build := command(dir, b.sbomctl, "build", "--offline", "--disk_cache="+filepath.Join(b.temp, "cache"), "//:made")
	if _, err := b.alone(step{name: "container_run, one input edited", before: appender(filepath.Join(dir, "in")), cmd: build}, "100 ms"); err != nil {
		return err
	}
	_, err = b.alone(step{name: "container_run, nothing changed: no process", cmd: func() *exec.Cmd {
		cmd := build()
		cmd.Env = append(os.Environ(), "PATH="+broken+":"+os.Getenv("PATH"))
		return cmd
	}}, "25 ms")
	return err
}
