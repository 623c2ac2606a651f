//go:build !linux

package e2e

import "testing"

// newOrdinary skips: images are unpacked and commands run on Linux alone.
func newOrdinary(t *testing.T) *user {
	t.Helper()
	real(t)
	t.Skip("not Linux")
	return nil
}
