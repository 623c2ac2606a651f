package osfile

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

// tempName returns a name that no other process uses.
func tempName() string {
	return tempPrefix + hostID() + "-" + strconv.Itoa(os.Getpid()) + "-" + strconv.FormatUint(tempNumber.Add(1), 10)
}

// IsTemp reports whether name is that of a file being written, by whatever process and machine.
func IsTemp(name string) bool {
	rest, ours := strings.CutPrefix(name, tempPrefix)
	return ours && strings.Count(rest, "-") == 2
}

// abandoned reports that name is that of a temporary file whose process does not run any more.
func abandoned(name string) bool {
	rest, ours := strings.CutPrefix(name, tempPrefix)
	part := strings.Split(rest, "-")
	if !ours || len(part) != 3 || part[0] != hostID() {
		return false
	}
	pid, err := strconv.Atoi(part[1])
	return err == nil && pid > 0 && processDead(pid)
}

// CreateTemp creates a file in the user's folder dir, which is made when it is missing.
func CreateTemp(dir string, perm fs.FileMode) (*os.File, error) {
	for made := false; ; {
		f, err := os.OpenFile(filepath.Join(dir, tempName()), os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
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

// CleanTemp is Folder.CleanTemp for a folder of the user's.
func CleanTemp(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if abandoned(e.Name()) {
			os.RemoveAll(filepath.Join(dir, e.Name()))
		}
	}
}
