package pin

import "github.com/sbomctl/sbomctl/engine/diag"

// Named is an image that a file names.
type Named struct {
	Reference
	Pos diag.Pos
}

// NamedIn returns the images that a file names, as far as it says which they are, each once.
func NamedIn(path string, src []byte) []Named {
	var out []Named
	seen := map[Reference]bool{}
	for _, m := range scan(path, src).found {
		r, ok := ParseReference(m.s)
		if m.action || m.unknown != "" || !ok || seen[r] {
			continue
		}
		seen[r] = true
		out = append(out, Named{r, diag.At(path, src, m.start())})
	}
	return out
}

// Declared is a reference as a container_image declares it: with its registry, and a tag where there is neither tag nor digest.
func (r Reference) Declared() Reference {
	if r.Tag == "" && r.Digest == "" {
		r.Tag = "latest"
	}
	r.Repository = withRegistry(r.Repository)
	return r
}

// InRole reports whether an image's name, the last segment of its repository, has the word that a role is.
func (r Reference) InRole(role string) bool { return inRole(r.Repository, role) }
