package rootfs

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sbomctl/sbomctl/cache/osfile"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/oci"
)

// Get returns the root filesystem of the image whose manifest has that digest. It is unpacked from what src yields when the Store has it
// not; when another process is about to do that, Get waits for it. Errors are of src, an *oci.Error that says what is wrong with the image,
// a *diag.Error that says what is wrong with the folder, or those of ctx.
func (s *Store) Get(ctx context.Context, src oci.Source, manifest v1.Hash) (*Root, error) {
	owners := keepsOwners()
	name, err := name(manifest, owners)
	if err != nil {
		return nil, err
	}
	if folder, err := osfile.OpenExisting(s.Dir, s.Warn); err == nil {
		root := s.find(folder, name, manifest)
		folder.Close()
		if root != nil {
			return root, nil
		}
	}
	doing := "unpack the image " + manifest.String()
	folder, err := osfile.OpenFolder(s.Dir, s.Warn)
	if err != nil {
		return nil, s.diskError(doing, err)
	}
	defer folder.Close()
	waited := false
	for made := 0; made < attempts; {
		root := s.find(folder, name, manifest)
		if root != nil {
			return root, nil
		}
		lock, err := folder.TryLock(name + lockSuffix)
		switch {
		case err != nil:
			return nil, s.told(doing, err)
		case lock != nil:
			made++
			err = s.makeLocked(ctx, folder, name, src, manifest, owners)
			lock.Close()
		default:
			if !waited {
				waited = true
				s.warn("another sbomctl unpacks the image %s, or replaces it; waiting for it", manifest)
			}
			err = wait(ctx)
		}
		if err != nil {
			return nil, s.told(doing, err)
		}
	}
	return nil, &diag.Error{Msg: "cannot " + doing + " in " + s.Dir + ": it is removed or changed again and again"}
}

// attempts is how often a root is made that is gone, or not what it should be, right afterwards.
const attempts = 5

// lockPoll is how often a process that waits looks whether the other one is done.
const lockPoll = 50 * time.Millisecond

func wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(lockPoll):
		return nil
	}
}

// makeLocked makes a root whose lock we hold, unless somebody else has made it before that.
func (s *Store) makeLocked(ctx context.Context, folder *osfile.Folder, name string, src oci.Source, manifest v1.Hash, owners bool) error {
	if s.read(folder, name, manifest) != nil {
		return nil
	}
	s.sweep(folder, name, owners)
	img, err := readImage(ctx, src, manifest)
	if err == nil {
		err = s.make(ctx, folder, name, src, img, owners)
	}
	if err != nil {
		Remove(folder.Path(name + partSuffix))
	}
	return err
}

// told returns an error that a user can be told. What is none yet comes from the disk.
func (s *Store) told(doing string, err error) error {
	var known *oci.Error
	var told *diag.Error
	if errors.As(err, &known) || errors.As(err, &told) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	var at *os.PathError
	if errors.As(err, &at) && at.Path != "" && !strings.HasPrefix(at.Path, "/") {
		doing += " (" + at.Op + " " + at.Path + ")"
	}
	return s.diskError(doing, err)
}

// mark is what image.json says. Its presence says that the root is complete.
type mark struct {
	Version   int         `json:"version"`
	Manifest  v1.Hash     `json:"manifest"`
	Owners    bool        `json:"owners"`
	Skipped   int         `json:"skipped"`
	Inventory string      `json:"inventory"`
	Boot      string      `json:"boot"` // in which the root was held against Inventory
	Platform  v1.Platform `json:"platform"`
	Config    v1.Config   `json:"config"`
}

// markVersion is raised when the same layers are unpacked to something else than before.
const markVersion = 1

// maxMark bounds what is read of a mark. JSON has up to six bytes for one of the config's.
const maxMark = 8 * oci.MaxManifest

// find returns the root that has that name in the folder, which nobody removes then as long as this process lives; nil when there is none,
// or not as it was made.
func (s *Store) find(folder *osfile.Folder, name string, manifest v1.Hash) *Root {
	if !use(folder, name) {
		return nil
	}
	root := s.read(folder, name, manifest)
	if root == nil {
		unuse(folder.Path(name + lockSuffix))
	}
	return root
}

// read is find for whoever holds the lock.
func (s *Store) read(folder *osfile.Folder, name string, manifest v1.Hash) *Root {
	f, _, err := folder.Open(path.Join(name, markName), os.O_RDONLY)
	if err != nil {
		return nil
	}
	data, err := io.ReadAll(io.LimitReader(f, maxMark))
	f.Close()
	var m mark
	if err != nil || json.Unmarshal(data, &m) != nil || m.Version != markVersion || m.Manifest != manifest {
		return nil
	}
	root := path.Join(name, rootName)
	if fi, err := folder.Lstat(root); err != nil || !fi.IsDir() {
		return nil
	}
	if m.Boot != bootID() && !s.still(folder, name, m) {
		return nil
	}
	return &Root{Path: folder.Path(root), Config: m.Config, Platform: m.Platform, Owners: m.Owners, Skipped: m.Skipped}
}

// still reports whether a root of an earlier boot is as it was made, and marks it as one of this boot.
func (s *Store) still(folder *osfile.Folder, name string, m mark) bool {
	now, err := inventory(folder.Path(path.Join(name, rootName)), m.Owners)
	if err != nil || now != m.Inventory {
		s.warn("the root filesystem of the image %s was damaged since it was unpacked, and is unpacked again", m.Manifest)
		return false
	}
	m.Boot = bootID()
	if f, temp, err := folder.Temp(name, 0o600); err == nil {
		err := writeMark(f, m)
		if err == nil {
			err = folder.Rename(temp, path.Join(name, markName))
		}
		if err != nil { // then it is done again the next time
			folder.Remove(temp)
		}
	}
	return true
}

// writeMark writes a mark. It does not wait for the disk: what a power cut leaves is found out after the next boot, whether that is a mark
// that says nothing or one of files without their bytes.
func writeMark(f *os.File, m mark) error {
	data, err := json.Marshal(m)
	if err == nil {
		_, err = f.Write(data)
	}
	return cmp.Or(err, f.Close())
}

// sweep removes what killed processes left in the folder. name is locked, so that nobody makes it or needs what is there.
func (s *Store) sweep(folder *osfile.Folder, name string, owners bool) {
	Remove(folder.Path(name))
	Remove(folder.Path(name + partSuffix))
	entries, err := folder.List(".")
	if err != nil {
		return
	}
	for _, e := range entries {
		root, ours := ownName(e.Name(), ownerSuffix(owners))
		if !ours || e.Name() != root+partSuffix || root == name {
			continue
		}
		if lock, err := folder.TryLock(root + lockSuffix); err == nil && lock != nil {
			Remove(folder.Path(e.Name()))
			lock.Close()
		}
	}
}

// make unpacks an image beside the place of its root, and puts it there.
func (s *Store) make(ctx context.Context, folder *osfile.Folder, name string, src oci.Source, img *image, owners bool) error {
	part := name + partSuffix
	root := path.Join(part, rootName)
	s.at("begin")
	for _, dir := range []string{part, root} {
		if err := os.Mkdir(folder.Path(dir), 0o700); err != nil {
			return err
		}
	}
	m, err := s.unpack(ctx, folder.Path(root), src, img, owners)
	if err != nil {
		return err
	}
	s.at("mark")
	f, err := folder.Create(path.Join(part, markName))
	if err != nil {
		return err
	}
	if err := writeMark(f, m); err != nil {
		return err
	}
	s.at("rename")
	if err := folder.Rename(part, name); err != nil {
		return err
	}
	s.at("end")
	return nil
}

// unpack applies the layers of an image to the empty folder at root.
func (s *Store) unpack(ctx context.Context, root string, src oci.Source, img *image, owners bool) (mark, error) {
	t := newTree()
	d, err := openDisk(root, t.root, owners)
	if err != nil {
		return mark{}, err
	}
	defer d.close()
	u := &unpacker{limits: s.limits(), tree: t, disk: d}
	for i := range img.layers {
		s.at("layer")
		if err := u.apply(ctx, src, img, i, s.at); err != nil {
			return mark{}, err
		}
	}
	s.at("finish")
	if err := d.finish(t.root); err != nil {
		return mark{}, err
	}
	s.at("inventory")
	list, err := inventory(root, owners)
	if err != nil {
		return mark{}, err
	}
	return mark{
		Version: markVersion, Manifest: img.manifest, Owners: owners, Skipped: u.skipped,
		Inventory: list, Boot: bootID(), Platform: img.platform, Config: img.config,
	}, nil
}
