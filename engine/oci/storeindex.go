package oci

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/sbomctl/sbomctl/cache/osfile"
)

// Record notes in index.json that an image is there, whole, so that other tools find it. A file there that is no index is replaced.
func (s *Store) Record(ctx context.Context, d v1.Descriptor) error {
	folder, err := s.open(true)
	if err != nil {
		return s.failure("write to the cache", err)
	}
	lock, err := folder.Lock(ctx, lockName)
	if err != nil {
		return cmp.Or(ctx.Err(), s.failure("lock the cache", err))
	}
	defer lock.Close()
	index, ok := readIndex(folder)
	if !ok {
		index = &v1.IndexManifest{}
	}
	has := func(o v1.Descriptor) bool { return o.Digest == d.Digest }
	if ok && slices.ContainsFunc(index.Manifests, has) {
		return nil
	}
	// What was pulled first goes when there are too many: its blobs stay, and are found by digest.
	images := append(slices.DeleteFunc(index.Manifests, has), v1.Descriptor{MediaType: d.MediaType, Digest: d.Digest, Size: d.Size})
	if err := s.writeIndex(folder, images[max(0, len(images)-MaxChildren):]); err != nil {
		return s.failure("write to the cache", err)
	}
	return nil
}

// label makes a folder that has no index a layout without images. When somebody else holds the lock, that one does it.
func (s *Store) label(folder *osfile.Folder) error {
	lock, err := folder.TryLock(lockName)
	if lock == nil || err != nil {
		return err
	}
	defer lock.Close()
	if _, ok := readIndex(folder); ok {
		return nil
	}
	return s.writeIndex(folder, []v1.Descriptor{})
}

// readIndex returns the index of a layout; false says that the folder is none.
func readIndex(folder *osfile.Folder) (*v1.IndexManifest, bool) {
	if _, err := readSmall(folder, layoutFile); err != nil {
		return nil, false
	}
	b, err := readSmall(folder, indexFile)
	if err != nil {
		return nil, false
	}
	doc, err := Parse(indexFile, b, types.OCIImageIndex)
	if err != nil || doc.Index == nil {
		return nil, false
	}
	return doc.Index, true
}

func (s *Store) writeIndex(folder *osfile.Folder, images []v1.Descriptor) error {
	b, err := json.Marshal(&v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: images})
	if err != nil {
		return err
	}
	if err := s.replace(folder, layoutFile, []byte(`{"imageLayoutVersion":"1.0.0"}`)); err != nil {
		return err
	}
	return s.replace(folder, indexFile, b)
}

func (s *Store) replace(folder *osfile.Folder, name string, content []byte) error {
	f, temp, err := folder.Temp(tmpDir, 0o444)
	if err != nil {
		return err
	}
	if _, err = f.Write(content); err == nil {
		_, err = s.install(folder, f, temp, name)
	}
	if err != nil {
		f.Close()
		folder.Remove(temp)
	}
	return err
}
