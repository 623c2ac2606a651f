package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	leastHeap   = 150 << 20 // how large the heap may grow before anything is collected: most builds are small
	mostGarbage = 256 << 20 // how much beside what lives is worth leaving until then
)

// tuneCollector makes the garbage collector leave small builds alone and spares large ones. The runtime keeps
// the heap near a limit, whatever that costs when nearly all of it lives; so after each collection the limit is
// set anew, to what lives and as much again.
func tuneCollector() {
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(leastHeap)
	watchCollections()
}

// watchCollections raises the limit after every collection. A finalizer runs once, after the next one.
func watchCollections() {
	type marker struct{ _ [16]byte }
	runtime.SetFinalizer(&marker{}, func(*marker) {
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(live)
		lives := int64(live[0].Value.Uint64())
		debug.SetMemoryLimit(max(leastHeap, lives+min(lives, mostGarbage)))
		watchCollections()
	})
}
