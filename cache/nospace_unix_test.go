//go:build unix

package cache

import "syscall"

const noSpace = syscall.ENOSPC
