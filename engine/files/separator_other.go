//go:build !unix

package files

import "path/filepath"

// nativeSeparator is what separates the segments of a link's target.
const nativeSeparator = string(filepath.Separator)

func hasDrive(path string) bool { return filepath.VolumeName(path) != "" }
