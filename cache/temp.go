package cache

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// A file being written is called ".sbomctl-<host>-<pid>-<number>", so that whoever comes
// later can tell whether its owner lives. host stands for the machine and, on Linux, the
// process id namespace: containers that share a cache must not judge each other's numbers.
const tempPrefix = ".sbomctl-"

var (
	tempNumber atomic.Uint64
	hostID     = sync.OnceValue(func() string {
		name, _ := os.Hostname()
		namespace, _ := os.Readlink("/proc/self/ns/pid")
		sum := sha256.Sum256([]byte(name + "\x00" + namespace))
		return hex.EncodeToString(sum[:4])
	})
)

// tempName returns a name in dir that no other process uses.
func tempName(dir string) string {
	return filepath.Join(dir, tempPrefix+hostID()+"-"+strconv.Itoa(os.Getpid())+"-"+strconv.FormatUint(tempNumber.Add(1), 10))
}

// createTemp creates a file in dir, which may be missing.
func createTemp(dir string, perm fs.FileMode) (*os.File, error) {
	for made := false; ; {
		f, err := os.OpenFile(tempName(dir), os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
		switch {
		case err == nil:
			return f, nil
		case errors.Is(err, fs.ErrExist): // left behind by an earlier process of the same number
		case errors.Is(err, fs.ErrNotExist) && !made:
			if err := os.MkdirAll(dir, 0o777); err != nil {
				return nil, err
			}
			made = true
		default:
			return nil, err
		}
	}
}

// CleanTemp removes from dir the temporary files of processes that do not run any more. Files
// of other machines, and of a process whose number is in use again, stay.
func CleanTemp(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		rest, ours := strings.CutPrefix(e.Name(), tempPrefix)
		if !ours {
			continue
		}
		part := strings.Split(rest, "-")
		if len(part) != 3 || part[0] != hostID() {
			continue
		}
		if pid, err := strconv.Atoi(part[1]); err == nil && pid > 0 && processDead(pid) {
			os.RemoveAll(filepath.Join(dir, e.Name()))
		}
	}
}
