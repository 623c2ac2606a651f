// Package e2e is the real program held against real parts: a registry, a root filesystem of Debian, bubblewrap, the CPython release.
//
// Its tests take minutes, so that they skip unless they are asked for, as .ci/run does:
//
//	SBOMCTL_REAL=1 go test -count=1 -v ./e2e
//
// Each says what it skips for: no docker-registry, no bubblewrap, no debootstrap, not root, no Python-3.13.5.tar.xz in SBOMCTL_DISTDIR.
// The image is made by debootstrap once (e2e/realimage); SBOMCTL_REALIMAGE names an OCI layout that was made before.
//
// What runs without being asked is TestTinyImage, which holds the image of the root workspace fresh.
package e2e
