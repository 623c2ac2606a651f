//go:build race

package xz

// slow is how many times less data the tests work on. The race detector makes the loops over bits 30 times as slow.
const slow = 8
