//go:build unix

package cache

import "syscall"

// A fifo must not be waited for.
func addFifo(all map[string]func(string) error, replace func(func(string) error) func(string) error) {
	all["fifo"] = replace(func(path string) error { return syscall.Mkfifo(path, 0o666) })
}
