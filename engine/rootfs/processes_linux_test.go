package rootfs

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/engine/oci/ocitest"
)

// TestKilled: whoever is killed at whatever step leaves nothing that keeps the next from making the root, and nothing for long.
func TestKilled(t *testing.T) {
	layout := filepath.Join(t.TempDir(), "layout")
	set := small()
	set.WriteLayout(layout)
	other := ocitest.Image("linux/amd64", layersOf(one)...)
	s := newStore(t)
	for step := 0; ; step++ {
		child := exec.Command(os.Args[0], "-test.run=^TestKilled$")
		child.Env = append(os.Environ(), "ROOTFS_TEST_CHILD="+strconv.Itoa(step), "ROOTFS_TEST_LAYOUT="+layout, "ROOTFS_TEST_STORE="+s.Dir)
		out, err := child.CombinedOutput()
		if err == nil {
			if step < 15 {
				t.Errorf("only %d steps", step)
			}
			break
		}
		if status, ok := child.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
			t.Fatalf("step %d: %v\n%s", step, err, out)
		}
		if step%2 == 0 { // somebody else sweeps before the next one comes
			if _, err := s.Get(t.Context(), other, other.Root.Digest); err != nil {
				t.Fatal(err)
			}
		}
		root, err := s.Get(t.Context(), set, set.Root.Digest)
		wantSmall(t, root, err)
		entries, err := os.ReadDir(s.Dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if strings.HasSuffix(e.Name(), partSuffix) {
				t.Errorf("step %d: %s is left", step, e.Name())
			}
		}
		if err := s.Clear(t.Context()); err != nil {
			t.Fatal(err)
		}
		if entries, err := os.ReadDir(s.Dir); err != nil || len(entries) != 0 {
			t.Errorf("step %d: %v is left, %v", step, entries, err)
		}
	}
}

func TestMain(m *testing.M) {
	n, err := strconv.Atoi(os.Getenv("ROOTFS_TEST_CHILD"))
	if err != nil {
		os.Exit(m.Run())
	}
	l, err := oci.OpenLayout(os.Getenv("ROOTFS_TEST_LAYOUT"))
	if err == nil {
		s := &Store{Dir: os.Getenv("ROOTFS_TEST_STORE"), step: func(string) {
			if n--; n < 0 {
				syscall.Kill(os.Getpid(), syscall.SIGKILL)
				select {}
			}
		}}
		_, err = s.Get(context.Background(), l, l.Roots()[0].Digest)
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	if os.Getenv("ROOTFS_TEST_HOLD") != "" {
		fmt.Println("has got it")
		io.Copy(io.Discard, os.Stdin)
	}
}

// TestInUse: a root that another process has got is not removed before that ends, nor is it waited for.
func TestInUse(t *testing.T) {
	layout := filepath.Join(t.TempDir(), "layout")
	set := small()
	set.WriteLayout(layout)
	s := newStore(t)
	for range 2 { // it is made, and then it is there
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), "ROOTFS_TEST_CHILD=1000000", "ROOTFS_TEST_HOLD=1", "ROOTFS_TEST_LAYOUT="+layout, "ROOTFS_TEST_STORE="+s.Dir)
		in, err := child.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := child.StdoutPipe()
		if err := errors.Join(err, child.Start()); err != nil {
			t.Fatal(err)
		}
		if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "has got it\n" {
			t.Fatal(line, err)
		}
		if err := s.Clear(t.Context()); err != nil {
			t.Fatal(err)
		}
		root, err := s.Get(t.Context(), nil, set.Root.Digest)
		wantSmall(t, root, err)
		in.Close()
		if err := child.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Clear(t.Context()); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(s.Dir); err != nil || len(entries) != 0 {
		t.Errorf("%v is left, %v", entries, err)
	}
}
