package ocitest

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/sbomctl/sbomctl/engine/oci"
)

// repository is what was pushed under one name.
type repository struct {
	Set
	tags map[string]v1.Hash
}

// Push puts a set into a repository such as "org/app", and its root under a tag unless that is "". What the set has under a digest is
// served under it, whatever its bytes are. Another Push adds to it.
func (s *Server) Push(name, tag string, set *Set) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.pushed[name]
	if r == nil {
		r = &repository{Set: *empty(), tags: map[string]v1.Hash{}}
		s.pushed[name] = r
	}
	maps.Copy(r.Manifests, set.Manifests)
	maps.Copy(r.Blobs, set.Blobs)
	if tag != "" {
		r.tags[tag] = set.Root.Digest
	}
}

// Change edits what a repository has.
func (s *Server) Change(name string, f func(*Set)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.pushed[name].Set)
}

// answer serves what was pushed. False says that the repository is not one of those.
func (s *Server) answer(w http.ResponseWriter, r *http.Request) bool {
	path, ok := strings.CutPrefix(r.URL.Path, "/v2/")
	if !ok {
		return false
	}
	parts := strings.Split(path, "/")
	if len(parts) < 3 {
		return false
	}
	what, reference := parts[len(parts)-2], parts[len(parts)-1]
	s.mu.Lock()
	defer s.mu.Unlock()
	repo := s.pushed[strings.Join(parts[:len(parts)-2], "/")]
	if repo == nil {
		return false
	}
	digest, err := v1.NewHash(reference)
	switch what {
	case "manifests":
		if err != nil {
			digest = repo.tags[reference]
		}
		if d, ok := repo.Manifests[digest]; ok {
			send(w, r, d.MediaType, d.Bytes, digest)
		} else {
			Refuse(w, http.StatusNotFound, "MANIFEST_UNKNOWN", "manifest unknown")
		}
	case "blobs":
		if b, ok := repo.Blobs[digest]; ok {
			send(w, r, "application/octet-stream", b, digest)
		} else {
			Refuse(w, http.StatusNotFound, "BLOB_UNKNOWN", "blob unknown to registry")
		}
	case "referrers":
		b := encode(&v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: repo.referrers(digest)})
		send(w, r, types.OCIImageIndex, b, oci.DigestOf(b))
	default:
		return false
	}
	return true
}

func (r *repository) referrers(subject v1.Hash) []v1.Descriptor {
	out := []v1.Descriptor{}
	for _, digest := range slices.SortedFunc(maps.Keys(r.Manifests), func(a, b v1.Hash) int { return strings.Compare(a.Hex, b.Hex) }) {
		d := r.Manifests[digest]
		doc, err := oci.Parse("a manifest", d.Bytes, d.MediaType)
		if err != nil || doc.Subject() == nil || doc.Subject().Digest != subject {
			continue
		}
		about := Descriptor(d.MediaType, d.Bytes)
		if doc.Manifest != nil {
			about.ArtifactType, about.Annotations = doc.Manifest.ArtifactType, doc.Manifest.Annotations
		}
		out = append(out, about)
	}
	return out
}

func send(w http.ResponseWriter, r *http.Request, t types.MediaType, b []byte, digest v1.Hash) {
	w.Header().Set("Content-Type", string(t))
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.Header().Set("Docker-Content-Digest", digest.String())
	if r.Method != http.MethodHead {
		w.Write(b)
	}
}

// Refuse answers as registries do, with a code such as "MANIFEST_UNKNOWN".
func Refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(encode(map[string]any{"errors": []any{map[string]string{"code": code, "message": message}}}))
}
