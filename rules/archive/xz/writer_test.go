package xz

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os/exec"
	"testing"

	uxz "github.com/ulikunitz/xz"
)

func compress(t testing.TB, data []byte, workers, size int) []byte {
	t.Helper()
	var out bytes.Buffer
	z := newWriter(context.Background(), &out, workers, size)
	if _, err := z.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestEncode(t *testing.T) {
	mixed := append(append(text(300_000), noise(200_000)...), text(300_000)...)
	for name, data := range map[string][]byte{
		"empty": nil, "a byte": []byte("x"), "two": []byte("xx"), "three": []byte("abc"), "text": text(1_000_000), "noise": noise(300_000),
		"mixed": mixed, "zeros": make([]byte, 5_000_000), "large a chunk": bytes.Repeat(text(1000), 5000),
	} {
		b := compress(t, data, 1, blockSize)
		if got, err := decode(b); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s: %v, equal: %v", name, err, bytes.Equal(got, data))
		}
		if _, err := exec.LookPath("xz"); err == nil {
			cmd := exec.Command("xz", "-dc")
			cmd.Stdin = bytes.NewReader(b)
			if got, err := cmd.Output(); err != nil || !bytes.Equal(got, data) {
				t.Errorf("%s: xz: %v, equal: %v", name, err, bytes.Equal(got, data))
			}
		}
	}
}

// What is written depends on neither how the data came nor how many compressed it.
func TestWriterIsDeterministic(t *testing.T) {
	data := append(append(text(300_000), noise(200_000)...), text(300_000)...)
	want := compress(t, data, 1, 100_001)
	r := rand.New(rand.NewPCG(5, 6))
	for _, workers := range []int{1, 2, 5, 20} {
		var out bytes.Buffer
		z := newWriter(context.Background(), &out, workers, 100_001)
		for rest := data; len(rest) > 0; {
			n := min(len(rest), 1+r.IntN(150_000))
			if k, err := z.Write(rest[:n]); k != n || err != nil {
				t.Fatal(k, err)
			}
			rest = rest[n:]
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(out.Bytes(), want) {
			t.Errorf("%d workers write another file", workers)
		}
	}
	if got, err := decode(want); err != nil || !bytes.Equal(got, data) {
		t.Errorf("%v, equal: %v", err, bytes.Equal(got, data))
	}
}

// Text takes as little as xz makes of it, and noise hardly more than it is.
func TestSize(t *testing.T) {
	random := noise(1_000_000)
	if n := len(compress(t, random, 1, blockSize)); n > len(random)+200 {
		t.Errorf("noise takes %d bytes", n)
	}
	if _, err := exec.LookPath("xz"); err != nil {
		t.Skip("the xz program is not installed")
	}
	data := text(3_000_000)
	cmd := exec.Command("xz", "-6", "-c")
	cmd.Stdin = bytes.NewReader(data)
	other, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if n := len(compress(t, data, 1, blockSize)); n > len(other)*101/100 {
		t.Errorf("text takes %d bytes, with xz %d", n, len(other))
	}
}

type full struct{ left int }

var errFull = errors.New("full")

func (f *full) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestWriterFails(t *testing.T) {
	data := noise(10_000)
	for _, left := range []int{0, 11, 12, 2_000, 10_100} {
		z := newWriter(context.Background(), &full{left}, 2, 1000)
		z.Write(data)
		if err := z.Close(); err != errFull {
			t.Errorf("after %d bytes: %v", left, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	z := newWriter(ctx, &bytes.Buffer{}, 2, 1000)
	z.Write(data)
	if err := z.Close(); err != context.Canceled {
		t.Errorf("cancelled: %v", err)
	}
}

// FuzzWriter looks for data that two decoders do not get back.
func FuzzWriter(f *testing.F) {
	f.Add([]byte(nil), uint8(0))
	f.Add(text(2000), uint8(1))
	f.Add(append(text(700), noise(900)...), uint8(40))
	f.Add(bytes.Repeat([]byte("abcabcabd"), 900), uint8(3))
	f.Fuzz(func(t *testing.T, data []byte, repeat uint8) {
		data = bytes.Repeat(data, int(repeat)%8+1)
		b := compress(t, data, 1, 200_000)
		if got, err := decode(b); err != nil || !bytes.Equal(got, data) {
			t.Fatalf("%v", err)
		}
		z, err := uxz.NewReader(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(z); err != nil || !bytes.Equal(got, data) {
			t.Fatalf("another decoder: %v", err)
		}
	})
}
