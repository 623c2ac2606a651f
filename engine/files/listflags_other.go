//go:build !unix

package files

// listFlags would say more where the system can.
const listFlags = 0
