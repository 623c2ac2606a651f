package cache

import (
	"bytes"
	"fmt"
	"os"
	"testing"
)

// BenchmarkPut10k puts 10,000 blobs of 300 bytes into an empty cache.
func BenchmarkPut10k(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		s, _ := openDisk(b, b.TempDir())
		b.StartTimer()
		putMany(b, s)
		b.StopTimer()
		os.RemoveAll(s.dir)
		b.StartTimer()
	}
}

// BenchmarkPut10kExisting puts them where they are already.
func BenchmarkPut10kExisting(b *testing.B) {
	s, _ := openDisk(b, b.TempDir())
	putMany(b, s)
	for b.Loop() {
		putMany(b, s)
	}
}

func putMany(b *testing.B, s *Disk) {
	pad := bytes.Repeat([]byte("."), 290)
	for i := range 10_000 {
		put(b, s, fmt.Appendf(pad, "%d", i))
	}
}

func BenchmarkOpenFirst16MB(b *testing.B) { benchmarkOpen(b, true) }
func BenchmarkOpenAgain16MB(b *testing.B) { benchmarkOpen(b, false) }

func benchmarkOpen(b *testing.B, forget bool) {
	s, _ := openDisk(b, b.TempDir())
	d := put(b, s, make([]byte, 16<<20))
	if f, err := s.Open(background, d); err != nil {
		b.Fatal(err)
	} else {
		f.Close()
	}
	for b.Loop() {
		if forget {
			s.verified.Clear()
		}
		f, err := s.Open(background, d)
		if err != nil {
			b.Fatal(err)
		}
		f.Close()
	}
}

func BenchmarkReadAllSmall(b *testing.B) {
	s, _ := openDisk(b, b.TempDir())
	d := put(b, s, make([]byte, 300))
	for b.Loop() {
		if _, err := s.ReadAll(background, d, 300); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpenDisk(b *testing.B) {
	dir := b.TempDir()
	openDisk(b, dir)
	for b.Loop() {
		openDisk(b, dir)
	}
}
