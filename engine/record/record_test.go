package record

import (
	"bytes"
	"math"
	"testing"
)

func TestRoundTrip(t *testing.T) {
	var b []byte
	numbers := []uint64{0, 1, 127, 128, 1 << 40, math.MaxUint64}
	strings := []string{"", "a", string(make([]byte, 300))}
	for _, n := range numbers {
		b = AppendUint(b, n)
	}
	for _, s := range strings {
		b = AppendString(b, s)
		b = AppendString(b, []byte(s))
	}
	b = append(b, 7)
	for cut := range len(b) + 1 {
		r := Reader{B: b[:cut]}
		same := true
		for _, n := range numbers {
			same = r.Uint() == n && same
		}
		for _, s := range strings {
			for range 2 {
				p := r.Bytes()
				same = string(p) == s && same
				if (p == nil) != r.Bad {
					t.Fatalf("cut at %d: nil %v, bad %v", cut, p == nil, r.Bad)
				}
			}
		}
		same = r.Byte() == 7 && same
		if r.Bad != (cut < len(b)) || same != (cut == len(b)) {
			t.Fatalf("cut at %d of %d: bad %v, same %v", cut, len(b), r.Bad, same)
		}
	}
}

func TestBadStays(t *testing.T) {
	for name, b := range map[string][]byte{
		"not the shortest form": {0x81, 0x00, 1, 1},
		"more than 64 bits":     append(bytes.Repeat([]byte{0xff}, 10), 1, 1),
		"longer than the rest":  {5, 1, 1},
	} {
		r := Reader{B: b}
		if r.Bytes() != nil || r.Uint() != 0 || r.Take(0) != nil || r.Byte() != 0 || r.Bytes() != nil || !r.Bad {
			t.Errorf("%s: %+v", name, r)
		}
	}
}
