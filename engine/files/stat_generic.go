//go:build unix && !(linux && (amd64 || arm64))

package files

func fstatat(dirfd int, path string) (Sig, error) { return slowFstatat(dirfd, path) }
