//go:build !linux

package rootfs

import (
	"context"
	"runtime"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/oci"
)

// Get is an error: the root filesystem of a Linux image, with its links, owners and names, needs Linux.
func (s *Store) Get(context.Context, oci.Source, v1.Hash) (*Root, error) {
	return nil, &diag.Error{
		Msg:   "images cannot be unpacked on " + runtime.GOOS + "; that needs Linux",
		Hints: []string{"--container_runtime=docker or --container_runtime=podman runs the command there"},
	}
}

func keepsOwners() bool { return false }

func unuse(string) {}

func isNoSpace(error) bool { return false }

func isReadOnly(error) bool { return false }
