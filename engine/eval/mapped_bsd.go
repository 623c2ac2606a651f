//go:build unix && !linux

package eval

// populate exists on Linux only.
const populate = 0
