package xz

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"
	"testing/iotest"

	uxz "github.com/ulikunitz/xz"
	ulzma "github.com/ulikunitz/xz/lzma"
)

const maxDict = 64 << 20

func decode(b []byte) ([]byte, error) { return io.ReadAll(NewReader(bytes.NewReader(b), maxDict)) }

func encode(t testing.TB, b []byte, c uxz.WriterConfig) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := c.NewWriter(&out)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// text is compressible in many ways: words, runs, and far and near repeats.
func text(n int) []byte {
	n = fewer(n)
	r := rand.New(rand.NewPCG(7, uint64(n)))
	var b []byte
	for len(b) < n {
		switch r.IntN(8) {
		case 0:
			b = append(b, bytes.Repeat([]byte{byte(r.IntN(256))}, 1+r.IntN(400))...)
		case 1:
			for range r.IntN(30) {
				b = append(b, byte(r.IntN(256)))
			}
		case 2, 3:
			if len(b) > 0 {
				from := r.IntN(len(b))
				b = append(b, b[from:min(len(b), from+r.IntN(300))]...)
			}
		default:
			b = append(b, []string{"static ", "int ", "return ", "PyObject *", "\n    ", "{", "}"}[r.IntN(7)]...)
		}
	}
	return b[:n]
}

// fewer is n, or less of it where that takes too long.
func fewer(n int) int {
	if n < 100_000 {
		return n
	}
	return n / slow
}

func noise(n int) []byte {
	n = fewer(n)
	r := rand.NewChaCha8([32]byte{1})
	b := make([]byte, n)
	r.Read(b)
	return b
}

func TestDecode(t *testing.T) {
	mixed := append(append(text(300_000), noise(200_000)...), text(300_000)...)
	for name, c := range map[string]struct {
		data   []byte
		config uxz.WriterConfig
	}{
		"empty":         {nil, uxz.WriterConfig{}},
		"a byte":        {[]byte("x"), uxz.WriterConfig{}},
		"text":          {text(1_000_000), uxz.WriterConfig{}},
		"noise":         {noise(300_000), uxz.WriterConfig{}},
		"mixed":         {mixed, uxz.WriterConfig{}},
		"zeros":         {make([]byte, 5_000_000), uxz.WriterConfig{}},
		"small window":  {text(1_000_000), uxz.WriterConfig{DictCap: ulzma.MinDictCap}},
		"blocks":        {mixed, uxz.WriterConfig{BlockSize: 100_001}},
		"no check":      {mixed, uxz.WriterConfig{NoCheckSum: true}},
		"CRC-32":        {mixed, uxz.WriterConfig{CheckSum: uxz.CRC32}},
		"SHA-256":       {mixed, uxz.WriterConfig{CheckSum: uxz.SHA256}},
		"lc 0 lp 4":     {mixed, uxz.WriterConfig{Properties: &ulzma.Properties{LC: 0, LP: 4, PB: 4}}},
		"lc 4 pb 0":     {mixed, uxz.WriterConfig{Properties: &ulzma.Properties{LC: 4, LP: 0, PB: 0}}},
		"lc 1 lp 2":     {mixed, uxz.WriterConfig{Properties: &ulzma.Properties{LC: 1, LP: 2, PB: 1}}},
		"window, pb 4":  {text(1_000_000), uxz.WriterConfig{DictCap: 70_001, Properties: &ulzma.Properties{LC: 2, LP: 2, PB: 4}}},
		"large a chunk": {bytes.Repeat(text(1000), 5000), uxz.WriterConfig{}},
	} {
		b := encode(t, c.data, c.config)
		if got, err := decode(b); err != nil || !bytes.Equal(got, c.data) {
			t.Errorf("%s: %v, equal: %v", name, err, bytes.Equal(got, c.data))
		}
		two := append(append(bytes.Clone(b), 0, 0, 0, 0), b...)
		if got, err := decode(append(two, make([]byte, 8)...)); err != nil || !bytes.Equal(got, append(bytes.Clone(c.data), c.data...)) {
			t.Errorf("%s: two streams: %v", name, err)
		}
	}
	b := encode(t, mixed, uxz.WriterConfig{})
	if err := iotest.TestReader(NewReader(iotest.OneByteReader(bytes.NewReader(b)), maxDict), mixed); err != nil {
		t.Error(err)
	}
}

// TestDecodeXZ decodes what the xz program writes with all kinds of options.
func TestDecodeXZ(t *testing.T) {
	if _, err := exec.LookPath("xz"); err != nil {
		t.Skip("the xz program is not installed")
	}
	data := append(append(text(400_000), noise(100_000)...), text(200_000)...)
	for _, options := range []string{"-0", "-6", "-9e", "-6 -C none", "-6 -C crc32", "-6 -C sha256", "-6 -T2 --block-size=300000",
		"--lzma2=dict=4KiB", "--lzma2=dict=96KiB,lc=0,lp=4,pb=0", "--lzma2=lc=4,pb=4", "--lzma2=mode=fast,nice=5,mf=hc3", "--lzma2=pb=1,lp=1,lc=2"} {
		cmd := exec.Command("xz", append(strings.Fields(options), "-c")...)
		cmd.Stdin = bytes.NewReader(data)
		b, err := cmd.Output()
		if err != nil {
			t.Fatalf("xz %s: %v", options, err)
		}
		if got, err := decode(b); err != nil || !bytes.Equal(got, data) {
			t.Errorf("xz %s: %v, equal: %v", options, err, bytes.Equal(got, data))
		}
	}
	cmd := exec.Command("xz", "--x86", "--lzma2", "-c")
	cmd.Stdin = bytes.NewReader(data)
	b, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := decode(b); !errors.Is(err, ErrUnsupported) {
		t.Errorf("BCJ: %v", err)
	}
}

// Whatever bit is damaged and wherever a file ends, that is noticed.
func TestDamage(t *testing.T) {
	data := append(text(700), noise(200)...)
	for _, check := range []byte{uxz.CRC32, uxz.CRC64, uxz.SHA256} {
		good := encode(t, data, uxz.WriterConfig{CheckSum: check, BlockSize: 400})
		for i := range good {
			if _, err := decode(good[:i]); err != io.ErrUnexpectedEOF {
				t.Errorf("the first %d of %d bytes: %v", i, len(good), err)
			}
			for bit := range 8 {
				b := bytes.Clone(good)
				b[i] ^= 1 << bit
				if _, err := decode(b); err == nil {
					t.Errorf("bit %d of byte %d of %d is flipped, unnoticed", bit, i, len(good))
				}
			}
		}
	}
}

func TestErrors(t *testing.T) {
	good := encode(t, text(10_000), uxz.WriterConfig{})
	edit := func(at int, b ...byte) []byte {
		c := bytes.Clone(good)
		if at < 0 {
			at += len(c)
		}
		copy(c[at:], b)
		return c
	}
	// seal makes the checksum of the stream's flags or the block's header right again.
	seal := func(b []byte, from, to int) []byte {
		binary.LittleEndian.PutUint32(b[to:], crc32.ChecksumIEEE(b[from:to]))
		return b
	}
	for name, c := range map[string]struct {
		b    []byte
		want error
	}{
		"nothing":              {nil, io.ErrUnexpectedEOF},
		"other":                {[]byte("hello, this is no xz"), ErrFormat},
		"trailing":             {append(bytes.Clone(good), "garbage"...), ErrTrailing},
		"trailing byte":        {append(bytes.Clone(good), 'x'), ErrTrailing},
		"odd padding":          {append(bytes.Clone(good), 0, 0, 0), ErrTrailing},
		"header checksum":      {edit(8, 0xff), ErrChecksum},
		"unknown check":        {seal(edit(7, 2), 6, 8), ErrUnsupported},
		"reserved flag":        {seal(edit(6, 1), 6, 8), ErrUnsupported},
		"block checksum":       {edit(20, 1, 2, 3, 4), ErrChecksum},
		"reserved block flag":  {seal(edit(13, 0x04), 12, 20), ErrUnsupported},
		"two filters":          {seal(edit(13, 0x01), 12, 20), ErrUnsupported},
		"other filter":         {seal(edit(14, 0x03), 12, 20), ErrUnsupported},
		"dictionary":           {seal(edit(16, 40), 12, 20), ErrDictionary},
		"impossible size":      {seal(edit(16, 41), 12, 20), ErrUnsupported},
		"wrong declared size":  {seal(edit(13, 0x40, 0x7, 0x21, 0x01, 0x16), 12, 20), ErrCorrupt},
		"first chunk no reset": {edit(24, 0x80), ErrCorrupt},
		"unknown chunk":        {edit(24, 0x7f), ErrCorrupt},
		"footer":               {edit(-1, 'X'), ErrCorrupt},
	} {
		if _, err := decode(c.b); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	mine := errors.New("mine")
	for _, at := range []int{0, 5, 30, len(good)} {
		r := NewReader(io.MultiReader(bytes.NewReader(good[:at]), iotest.ErrReader(mine)), maxDict)
		if _, err := io.ReadAll(r); err != mine {
			t.Errorf("an error of the reader after %d bytes became %v", at, err)
		}
	}
}

// A file that asks for a large dictionary and has little to say takes little memory.
func TestMemory(t *testing.T) {
	b := encode(t, text(10_000), uxz.WriterConfig{DictCap: maxDict})
	z := NewReader(bytes.NewReader(b), maxDict)
	if _, err := io.ReadAll(z); err != nil || len(z.decoder.win) > 1<<20 {
		t.Errorf("window of %d bytes: %v", len(z.decoder.win), err)
	}
	z = NewReader(bytes.NewReader(encode(t, text(6_000_000), uxz.WriterConfig{DictCap: 1 << 20})), maxDict)
	if n, err := io.Copy(io.Discard, z); err != nil || n != int64(fewer(6_000_000)) || len(z.decoder.win) > 4<<20 {
		t.Errorf("window of %d bytes: %v", len(z.decoder.win), err)
	}
}

// wrap makes a file of one block without a checksum.
func wrap(chunks []byte, size int) []byte {
	crc := func(b []byte) []byte { return binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(b)) }
	b := []byte(headerMagic + "\x00\x00")
	b = append(b, crc(b[6:8])...)
	header := []byte{2, 0, 0x21, 1, 8, 0, 0, 0} // a dictionary of 64 KiB
	b = append(append(b, header...), crc(header)...)
	b = append(b, chunks...)
	b = append(b, make([]byte, -len(chunks)&3)...)
	index := binary.AppendUvarint([]byte{0, 1}, uint64(12+len(chunks)))
	index = binary.AppendUvarint(index, uint64(size))
	index = append(index, make([]byte, -len(index)&3)...)
	b = append(append(b, index...), crc(index)...)
	footer := append(binary.LittleEndian.AppendUint32(nil, uint32(len(index)/4)), 0, 0)
	return append(append(append(b, crc(footer)...), footer...), footerMagic...)
}

// FuzzChunks compares the decoder with another one on LZMA2 chunks.
func FuzzChunks(f *testing.F) {
	for _, data := range [][]byte{nil, []byte("x"), text(3000), noise(100), append(text(70_000), noise(500)...), text(200_000)} {
		b := encode(f, data, uxz.WriterConfig{NoCheckSum: true, DictCap: 64 << 10})
		if end := bytes.LastIndex(b, []byte{0, 1}); end > 24 {
			f.Add(b[24:end])
		}
	}
	f.Fuzz(func(t *testing.T, chunks []byte) {
		in := input{r: bufio.NewReader(bytes.NewReader(chunks))}
		d := lzma2{settle: func() {}}
		d.start(64 << 10)
		var out []byte
		for {
			more, err := d.chunk(&in)
			if err != nil {
				if _, err := decode(wrap(chunks, len(out))); err == nil {
					t.Fatal("the reader accepts what its decoder refuses")
				}
				return
			}
			if !more {
				break
			}
			if out = append(out, d.out...); len(out) > 1<<24 {
				return
			}
		}
		file := wrap(chunks[:in.pos], len(out))
		if got, err := decode(file); err != nil || !bytes.Equal(got, out) {
			t.Fatalf("the reader does not agree with its decoder: %v", err)
		}
		z, err := uxz.NewReader(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(z); err != nil || !bytes.Equal(got, out) {
			t.Fatalf("another decoder does not agree: %v", err)
		}
	})
}

// FuzzReader looks for panics and for files that only one of two decoders accepts.
func FuzzReader(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte(headerMagic))
	for _, check := range []byte{uxz.CRC32, uxz.CRC64, uxz.SHA256} {
		b := encode(f, text(2000), uxz.WriterConfig{CheckSum: check, BlockSize: 900})
		f.Add(b)
		f.Add(append(append(bytes.Clone(b), 0, 0, 0, 0), b...))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		out, err := io.ReadAll(io.LimitReader(NewReader(bytes.NewReader(b), 1<<20), 1<<22))
		if err != nil || len(out) == 1<<22 {
			return
		}
		z, err := uxz.NewReader(bytes.NewReader(b))
		if err != nil {
			t.Fatalf("another decoder refuses it: %v", err)
		}
		if got, err := io.ReadAll(z); err != nil || !bytes.Equal(got, out) {
			t.Fatalf("another decoder does not agree: %v", err)
		}
	})
}
