//go:build !linux

package main

import "os"

// maxRSS is only known on Linux here.
func maxRSS(*os.ProcessState) int64 { return 0 }
