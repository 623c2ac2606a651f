package rootfs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sbomctl/sbomctl/cache/osfile"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/oci"
)

// Store is a folder of root filesystems. It may be used concurrently, by several processes too.
type Store struct {
	Dir    string           // <cache>/v1/rootfs; made when it is missing
	Limits Limits           // the zero value stands for DefaultLimits
	Warn   func(msg string) // told in one line what was found damaged or is waited for; nil discards

	// step is called before each step of making a root, with its name. Tests end the process there.
	step func(name string)
}

// Root is the root filesystem of an image.
type Root struct {
	Path     string      // the unpacked tree: for everybody to read, for nobody to change
	Config   v1.Config   // of the image: Env, WorkingDir, User, Entrypoint, ...
	Platform v1.Platform // for which the image is, by its config
	Owners   bool        // files belong to whom the layers say; else all belong to the user who unpacked them
	Skipped  int         // devices, fifos and sockets that were not made
}

// Limits bound what an image may unpack to.
type Limits struct {
	Entries int   // entries of all layers together
	Bytes   int64 // size of all files of all layers together, also of those that a later layer takes away
	File    int64 // size of a file
	Path    int   // bytes of a path
	Depth   int   // folders above a file
	Ratio   int64 // how many times its compressed size a layer may have, beyond Free
	Free    int64 // bytes of a layer that Ratio does not count
}

// DefaultLimits are those of a Store that names none: several times what the largest images in use have. Ratio lets pass most of what
// gzip can do (1,032), so that a large file of zeros is no bomb.
var DefaultLimits = Limits{
	Entries: 2_000_000,
	Bytes:   64 << 30,
	File:    16 << 30,
	Path:    4095,
	Depth:   250,
	Ratio:   1000,
	Free:    256 << 20,
}

func (s *Store) limits() Limits {
	if s.Limits == (Limits{}) {
		return DefaultLimits
	}
	return s.Limits
}

func (s *Store) warn(format string, args ...any) {
	if s.Warn != nil {
		s.Warn(fmt.Sprintf(format, args...))
	}
}

func (s *Store) at(step string) {
	if s.step != nil {
		s.step(step)
	}
}

// Names in the folder of a Store.
const (
	rootName   = "root"
	markName   = "image.json"
	lockSuffix = ".lock"
	partSuffix = ".part"
)

// name returns the name of a root's folder. It has the user's number where files belong to the user, because others could not read them.
func name(manifest v1.Hash, owners bool) (string, error) {
	if err := oci.CheckDigest("image "+manifest.String(), manifest); err != nil {
		return "", err
	}
	return manifest.Hex + ownerSuffix(owners), nil
}

// ownerSuffix is at the end of the names of all roots that this user makes.
func ownerSuffix(owners bool) string {
	if owners {
		return ""
	}
	return fmt.Sprintf(".u%d", os.Geteuid())
}

// diskError says that something could not be done with the Store's folder.
func (s *Store) diskError(doing string, err error) error {
	e := &diag.Error{Msg: fmt.Sprintf("cannot %s in %s: %v", doing, s.Dir, osfile.Reason(err)), Err: err}
	switch {
	case isNoSpace(err):
		e.Hints = []string{"free some space there, or name another folder with --disk_cache=DIR"}
	case os.IsPermission(err) || isReadOnly(err):
		e.Hints = []string{"name a folder that you may write to with --disk_cache=DIR"}
	}
	return e
}

// Clear removes all roots of this user, and what killed processes left. A root that another process makes or has got stays.
func (s *Store) Clear(ctx context.Context) error {
	entries, err := os.ReadDir(s.Dir)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return s.diskError("remove root filesystems", err)
	}
	folder, err := osfile.OpenExisting(s.Dir, s.Warn)
	if err != nil {
		return s.diskError("remove root filesystems", err)
	}
	defer folder.Close()
	suffix := ownerSuffix(keepsOwners())
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		root, ours := ownName(e.Name(), suffix)
		if !ours {
			continue
		}
		unuse(folder.Path(root + lockSuffix))
		lock, err := folder.TryLock(root + lockSuffix)
		if err != nil {
			return s.diskError("remove root filesystems", err)
		}
		if lock == nil {
			continue
		}
		if e.Name() != root+lockSuffix {
			err = Remove(folder.Path(e.Name()))
		}
		// The lock's file goes while it is held, so that nobody else has it.
		folder.Remove(root + lockSuffix)
		lock.Close()
		if err != nil {
			return s.diskError("remove root filesystems", err)
		}
	}
	return nil
}

// ownName returns the root's name that is in the name of something in a Store's folder, and whether it is a root of the user with that suffix.
func ownName(entry, suffix string) (string, bool) {
	n, ok := strings.CutSuffix(entry, partSuffix)
	if !ok {
		n = strings.TrimSuffix(entry, lockSuffix)
	}
	digits, ok := strings.CutSuffix(n, suffix)
	_, err := hex.DecodeString(digits)
	return n, ok && err == nil && len(digits) == hex.EncodedLen(sha256.Size)
}
