//go:build !race

package xz

const slow = 1
