package cache

import "path/filepath"

// ImagesDir returns the folder in which container images are kept below a cache's folder dir. Like the store's blobs they are shared by all
// workspaces and can be removed at any time; package engine/oci says what lies there.
func ImagesDir(dir string) string { return filepath.Join(dir, layout, "oci") }

// RootsDir is ImagesDir for the root filesystems that images are unpacked to; package engine/rootfs says what lies there.
func RootsDir(dir string) string { return filepath.Join(dir, layout, "rootfs") }

// SandboxDir is ImagesDir for what commands in containers are run on; package engine/container says what lies there.
func SandboxDir(dir string) string { return filepath.Join(dir, layout, "sandbox") }
