package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/sbomctl/sbomctl/cache/osfile"
)

// ReplaceSource makes content the file at path, which is relative to the root. It is the one
// way to write among the user's own files. A link is not followed, neither the file itself
// nor a folder on the way, because a checkout could lead anywhere by it.
func (w *Workspace) ReplaceSource(name string, content []byte) error {
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		return fmt.Errorf("%s is not in the workspace", name)
	}
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		fi, err := os.Lstat(w.path(dir))
		if errors.Is(err, fs.ErrNotExist) {
			continue // there is none on the way to it either
		}
		if err != nil {
			return err
		}
		if why := osfile.NoFolder(fi); why != "" {
			return fmt.Errorf("%s is no folder: %s", dir, why)
		}
	}
	return osfile.Replace(w.path(name), content, w.store.TempDir())
}
