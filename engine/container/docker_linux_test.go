package container

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/cache/reapi"
	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/oci/ocitest"
)

// engineSpec is a command in an image that an engine brings itself.
func engineSpec(image string, command ...string) *action.Spec {
	in := []byte("hello")
	s := &action.Spec{Command: command, Outputs: []string{"out"}, Environment: slices.Clone(action.BaseEnvironment),
		Inputs: []action.Input{{Files: []action.File{{Path: "in", Digest: cache.Of(in), Handle: action.Inline{Bytes: in}}}}},
		Platform: []reapi.Property{
			{Name: action.PropertyArch, Value: runtime.GOARCH}, {Name: action.PropertyOS, Value: "linux"},
			{Name: action.PropertyImage, Value: "docker://" + image}, {Name: action.PropertyNetwork, Value: "off"}, {Name: action.PropertyMount, Value: "/src"},
		}}
	slices.SortFunc(s.Platform, func(a, b reapi.Property) int { return strings.Compare(a.Name, b.Name) })
	return s
}

const someImage = "example.com/tool@sha256:0000000000000000000000000000000000000000000000000000000000000001"

// fakeEngine puts a program into PATH that writes down its arguments and does what script says, where $tree is the command's tree.
func fakeEngine(t *testing.T, name, script string) (args func() []string) {
	t.Helper()
	dir := t.TempDir()
	record := filepath.Join(dir, "args")
	text := "#!/bin/sh\nfor a; do echo \"$a\"; case $a in *:/src) tree=${a%:/src};; esac; done >>" + record + "\n" + script + "\n"
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	return func() []string {
		b, err := os.ReadFile(record)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Split(strings.TrimSpace(string(b)), "\n")
	}
}

// TestDocker: Docker runs the image by digest, without a network, over the same tree.
func TestDocker(t *testing.T) {
	args := fakeEngine(t, "docker", `cp $tree/in $tree/out`)
	r := &Runner{CacheDir: t.TempDir(), Runtime: Docker}
	ar, err := r.Run(context.Background(), engineSpec(someImage, "cp", "in", "out"))
	if err != nil || string(ar.OutputFiles[0].Contents) != "hello" {
		t.Fatalf("%+v, %v", ar, err)
	}
	got := args()
	if got[0] != "run" || !slices.Equal(got[len(got)-5:], []string{"--entrypoint", "cp", someImage, "in", "out"}) {
		t.Errorf("got %q", got)
	}
	all := " " + strings.Join(got, " ") + " "
	for _, want := range []string{" --rm ", " --network none ", " --read-only ", " --cap-drop ALL ", " --platform linux/" + runtime.GOARCH + " ",
		" --workdir /src ", " --env TZ=UTC ", " --env SOURCE_DATE_EPOCH=315532800 "} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in %q", want, all)
		}
	}
	s := engineSpec(someImage, "cp")
	for i := range s.Platform {
		if s.Platform[i].Name == action.PropertyNetwork {
			s.Platform[i].Value = "standard"
		}
	}
	if _, err := r.Run(context.Background(), s); err != nil || strings.Count(strings.Join(args(), " "), "--network") != 1 {
		t.Errorf("a network: %q, %v", args(), err)
	}
	s.Platform = append(s.Platform, reapi.Property{Name: action.PropertyPerturb, Value: "1"})
	if _, err := r.Run(context.Background(), s); err == nil || !strings.Contains(err.Error(), "is to be run perturbed, which docker cannot do") {
		t.Errorf("got %v", err)
	}
}

// TestDockerFails: what fails is told as with bubblewrap, and when the time is over the container is removed.
func TestDockerFails(t *testing.T) {
	for script, want := range map[string]string{
		"echo no good >&2; exit 3":                    "command cp exited with code 3\n  | no good\n",
		"echo Cannot connect to the daemon; exit 125": "command cp was not run: docker says why\n  | Cannot connect to the daemon\n",
		":": "its output out was not made",
	} {
		fakeEngine(t, "docker", script)
		r := &Runner{CacheDir: t.TempDir(), Runtime: Docker}
		if _, err := r.Run(context.Background(), engineSpec(someImage, "cp")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", script, err)
		}
	}
	args := fakeEngine(t, "docker", `[ $1 = rm ] || exec sleep 1000`)
	r := &Runner{CacheDir: t.TempDir(), Runtime: Docker}
	s := engineSpec(someImage, "cp")
	s.Timeout = 100 * time.Millisecond
	if _, err := r.Run(context.Background(), s); err == nil || !strings.Contains(err.Error(), "was killed: it took more than 100ms of time") {
		t.Errorf("got %v", err)
	}
	got := args()
	if i := slices.Index(got, "rm"); i < 0 || got[i+1] != "--force" || !strings.HasPrefix(got[i+2], "sbomctl-") {
		t.Errorf("got %q", got)
	}
	entries, err := os.ReadDir(cache.SandboxDir(r.CacheDir))
	if err != nil || slices.ContainsFunc(entries, func(e os.DirEntry) bool { return !strings.HasSuffix(e.Name(), logSuffix) }) {
		t.Errorf("left %v, %v", entries, err)
	}
}

// TestPodman runs a command under Podman, where that is installed.
func TestPodman(t *testing.T) {
	podman, err := exec.LookPath("podman")
	if err != nil {
		t.Skip("skipped: podman is not installed")
	}
	dir := t.TempDir()
	conf := filepath.Join(dir, "storage.conf")
	if err := os.WriteFile(conf, []byte("[storage]\ndriver = \"vfs\"\ngraphroot = \""+dir+"/graph\"\nrunroot = \""+dir+"/run\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CONTAINERS_STORAGE_CONF", conf)
	if _, err := exec.LookPath("runc"); err == nil { // which does with old cgroups, too
		engine := filepath.Join(dir, "containers.conf")
		if err := os.WriteFile(engine, []byte("[engine]\nruntime = \"runc\"\ncgroup_manager = \"cgroupfs\"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Setenv("CONTAINERS_CONF", engine)
	}
	if out, err := exec.Command(podman, "info").CombinedOutput(); err != nil {
		t.Skipf("skipped: podman does not work here: %.300s", out)
	}
	set := ocitest.Index(ocitest.Image("linux/"+runtime.GOARCH, ocitest.Layer(ocitest.Gzip, busybox(t)...)))
	server := ocitest.Serve(t)
	server.Push("tiny", "1", set)
	image := server.Host() + "/tiny@" + set.Root.Digest.String()
	if out, err := exec.Command(podman, "run", "--rm", "--quiet", "--tls-verify=false", "--memory=1g", "--pids-limit=100", "--ulimit=nofile=1024", "--ulimit=nproc=1024", image, "/bin/sh", "-c", ":").CombinedOutput(); err != nil {
		t.Skipf("skipped: podman cannot run a container here: %.300s", out)
	}
	r := &Runner{CacheDir: t.TempDir(), Runtime: Podman}
	s := engineSpec(image, "/bin/sh", "-c", "cat in >out; /bin/busybox id -u >>out; echo $HOME >>out")
	s.Aside = []byte(`{"insecure":true}`)
	ar, err := r.Run(context.Background(), s)
	if err != nil || !strings.HasPrefix(string(ar.OutputFiles[0].Contents), "hello") || !strings.HasSuffix(string(ar.OutputFiles[0].Contents), "/tmp\n") {
		t.Errorf("%+v, %v", ar, err)
	}
}
