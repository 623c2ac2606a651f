//go:build unix

package files

import "golang.org/x/sys/unix"

// slowFstatat is lstat of a path relative to the directory dirfd, as the portable library has it.
func slowFstatat(dirfd int, path string) (Sig, error) {
	var st unix.Stat_t
	for {
		err := unix.Fstatat(dirfd, path, &st, unix.AT_SYMLINK_NOFOLLOW)
		if err == nil {
			return sigOf(&st), nil
		}
		if err != unix.EINTR {
			return Sig{}, err
		}
	}
}
