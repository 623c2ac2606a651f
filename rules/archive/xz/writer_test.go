package xz

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"testing"
	"time"
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

func TestBig(t *testing.T) {
	file := os.Getenv("XZ_BIG")
	if file == "" {
		t.Skip()
	}
	data, _ := os.ReadFile(file)
	start := time.Now()
	b := compress(t, data, 2, blockSize)
	t.Logf("%d bytes, %.1f s", len(b), time.Since(start).Seconds())
	os.WriteFile(file+".xz", b, 0o666)
}
