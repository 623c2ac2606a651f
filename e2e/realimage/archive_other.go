//go:build !linux

package realimage

import (
	"archive/tar"
	"errors"
)

func archive(*tar.Writer, string) error { return errors.New("debootstrap is a program of Linux") }
