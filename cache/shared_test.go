package cache

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/sbomctl/sbomctl/cache/reapi"
)

// Many goroutines on two Disks on one folder, some of which damage entries: every answer is
// right bytes or a miss, and every Put succeeds.
func TestShared(t *testing.T) {
	dir := t.TempDir()
	var disks []*Disk
	for range 2 {
		s, _ := openDisk(t, dir)
		disks = append(disks, s)
	}
	var blobs [][]byte
	for i := range 12 {
		blobs = append(blobs, bytes.Repeat([]byte{byte(i)}, 1+i*i*i*100))
	}
	run := func(seed int64) error {
		r := rand.New(rand.NewSource(seed))
		for range 150 {
			s, b := disks[r.Intn(2)], blobs[r.Intn(len(blobs))]
			d := Of(b)
			var err error
			switch r.Intn(8) {
			case 0, 1:
				_, err = s.Put(background, b)
			case 2:
				_, err = stream(s, bytes.NewReader(b))
			case 3:
				var got []byte
				if got, err = s.ReadAll(background, d, 1<<30); err == nil && !bytes.Equal(got, b) {
					err = errors.New("wrong bytes")
				}
			case 4:
				var f Blob
				if f, err = s.Open(background, d); err == nil {
					got := make([]byte, len(b))
					if _, err = f.ReadAt(got, 0); err == nil && !bytes.Equal(got, b) {
						err = errors.New("wrong bytes")
					}
					f.Close()
				}
			case 5:
				err = s.PutResult(background, d, &reapi.ActionResult{Stderr: b[:1], ExitCode: int32(r.Intn(2))})
			case 6:
				var res *reapi.ActionResult
				if res, err = s.Get(background, d); err == nil && !bytes.Equal(res.Stderr, b[:1]) {
					err = errors.New("wrong result")
				}
			case 7:
				// A damaged file appears, as after a power failure.
				bad := filepath.Join(dir, fmt.Sprintf("bad%d", seed))
				os.WriteFile(bad, make([]byte, len(b)+r.Intn(2)), 0o444)
				os.Rename(bad, s.path(entry(casDir, d)))
			}
			if err != nil && !errors.Is(err, ErrMiss) {
				return fmt.Errorf("blob of %d bytes: %w", len(b), err)
			}
		}
		return nil
	}
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			if err := run(int64(i)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, b := range blobs {
		put(t, disks[0], b)
		if got, err := disks[1].ReadAll(background, Of(b), 1<<30); err != nil || !bytes.Equal(got, b) {
			t.Errorf("%d bytes: %v", len(b), err)
		}
	}
	if names := temporaries(t, disks[0].TempDir()); len(names) > 0 {
		t.Errorf("left behind %v", names)
	}
}

// One entry, many writers and readers at once: nobody may see it half or miss it after Put.
func TestSharedOneBlob(t *testing.T) {
	dir := t.TempDir()
	b := bytes.Repeat([]byte("one"), bufferSize)
	var wg sync.WaitGroup
	for i := range 16 {
		s, w := openDisk(t, dir)
		wg.Go(func() {
			var err error
			if i%2 == 0 {
				_, err = s.Put(background, b)
			} else {
				_, err = stream(s, bytes.NewReader(b))
			}
			if err != nil {
				t.Error(err)
			}
			if got, err := s.ReadAll(background, Of(b), 1<<30); err != nil || !bytes.Equal(got, b) {
				t.Errorf("after Put: %v", err)
			}
			if len(w.list) > 0 {
				t.Errorf("warnings %q", w.list)
			}
		})
	}
	wg.Wait()
}

// The first entries of a folder race for making it.
func TestSharedNewFolders(t *testing.T) {
	s, _ := openDisk(t, t.TempDir())
	var wg sync.WaitGroup
	for range 200 {
		start := make(chan struct{})
		for range 8 {
			wg.Go(func() {
				<-start
				if _, err := s.Put(background, []byte{2}); err != nil {
					t.Error(err)
				}
			})
		}
		close(start)
		wg.Wait()
		if err := os.RemoveAll(s.path(casDir)); err != nil {
			t.Fatal(err)
		}
	}
}

const childDir = "SBOMCTL_TEST_CACHE_CHILD"

// TestMain lets the test binary be the process that is killed while it writes.
func TestMain(m *testing.M) {
	dir := os.Getenv(childDir)
	if dir == "" {
		os.Exit(m.Run())
	}
	s, err := OpenDisk(dir, nil)
	if err != nil {
		panic(err)
	}
	w, err := s.Create(background)
	if err != nil {
		panic(err)
	}
	w.Write(make([]byte, 4*bufferSize))
	fmt.Println("writing")
	bufio.NewReader(os.Stdin).ReadByte() // until killed
}

func TestKilledWriter(t *testing.T) {
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(self)
	child.Env = append(os.Environ(), childDir+"="+dir)
	stdin, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(stdout).ReadString('\n'); err != nil || !strings.HasPrefix(line, "writing") {
		t.Fatalf("%q, %v", line, err)
	}
	s, _ := openDisk(t, dir)
	if n := len(temporaries(t, s.TempDir())); n != 1 {
		t.Errorf("%d temporary files while the writer runs, want 1", n)
	}
	child.Process.Kill()
	child.Wait()
	if n := len(temporaries(t, s.TempDir())); n != 1 {
		t.Fatalf("%d temporary files after the kill, want 1", n)
	}
	// Not to be touched: another machine's, a running process's, a foreign file.
	dead := fmt.Sprint(child.Process.Pid)
	ours, _, _ := strings.Cut(filepath.Base(temporaries(t, s.TempDir())[0]), dead) // ".sbomctl-<host>-"
	keep := []string{
		".sbomctl-ffffffff-" + dead + "-1",
		ours + fmt.Sprint(os.Getpid()) + "-x",
		ours + "0-1",
		ours + dead,
		"foreign",
	}
	for _, name := range keep {
		if err := os.WriteFile(filepath.Join(s.TempDir(), name), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	s, w := openDisk(t, dir)
	for _, name := range keep {
		if _, err := os.Lstat(filepath.Join(s.TempDir(), name)); err != nil {
			t.Errorf("%s is gone", name)
		}
	}
	if entries, err := os.ReadDir(s.TempDir()); err != nil || len(entries) != len(keep) {
		t.Errorf("%d files are left, want %d (%v)", len(entries), len(keep), err)
	}
	if u, err := s.Stat(); err != nil || u != (Usage{}) || len(w.list) > 0 {
		t.Errorf("%+v, %v, warnings %q", u, err, w.list)
	}
}
