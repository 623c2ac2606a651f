//go:build !unix

package fetch

import "os"

// tryLock has no lock to offer here: every download is private and starts anew.
func tryLock(*os.File) bool { return false }
