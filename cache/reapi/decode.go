package reapi

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"
)

// MaxMessage is the size in bytes above which a message is not decoded.
const MaxMessage = 64 << 20

// ErrMalformed is what every error of a decoder is (errors.Is).
var ErrMalformed = errors.New("malformed message")

func malformed(message, format string, args ...any) error {
	return fmt.Errorf("%w: %s: %s", ErrMalformed, message, fmt.Sprintf(format, args...))
}

// fields calls field for every field of a message. A varint is handed over in v, a string,
// bytes or message in data; fixed-width fields, which no message here has, are skipped.
func fields(message string, b []byte, field func(num, wire int, v uint64, data []byte) error) error {
	if len(b) > MaxMessage {
		return malformed(message, "%d bytes, more than %d", len(b), MaxMessage)
	}
	for len(b) > 0 {
		key, n := binary.Uvarint(b)
		num, wire := key>>3, int(key&7)
		if n <= 0 || num == 0 || num > 1<<29-1 {
			return malformed(message, "bad field key")
		}
		b = b[n:]
		var v uint64
		var data []byte
		switch wire {
		case wireVarint:
			if v, n = binary.Uvarint(b); n <= 0 {
				return malformed(message, "bad number in field %d", num)
			}
			b = b[n:]
		case wireBytes:
			size, n := binary.Uvarint(b)
			if n <= 0 || size > uint64(len(b)-n) {
				return malformed(message, "field %d is longer than the message", num)
			}
			data, b = b[n:n+int(size)], b[n+int(size):]
		case wireFixed64, wireFixed32:
			size := 8
			if wire == wireFixed32 {
				size = 4
			}
			if len(b) < size {
				return malformed(message, "field %d is longer than the message", num)
			}
			b = b[size:]
			continue
		default: // groups: proto3 has none
			return malformed(message, "field %d has wire type %d", num, wire)
		}
		if err := field(int(num), wire, v, data); err != nil {
			return err
		}
	}
	return nil
}

// want checks the wire type of a known field.
func want(message string, num, wire, expected int) error {
	if wire != expected {
		return malformed(message, "field %d has wire type %d instead of %d", num, wire, expected)
	}
	return nil
}

func decodeString(message string, num, wire int, data []byte, to *string) error {
	if err := want(message, num, wire, wireBytes); err != nil {
		return err
	}
	if !utf8.Valid(data) {
		return malformed(message, "field %d is not valid UTF-8", num)
	}
	*to = string(data)
	return nil
}

// decodeDigest decodes a field that holds a Digest message; an empty message is the zero digest.
func decodeDigest(message string, num, wire int, data []byte, to *Digest) error {
	if err := want(message, num, wire, wireBytes); err != nil {
		return err
	}
	if !to.IsZero() {
		return malformed(message, "field %d occurs twice", num)
	}
	var hash []byte
	var size uint64
	err := fields("Digest", data, func(num, wire int, v uint64, data []byte) error {
		switch num {
		case 1:
			hash = data
			return want("Digest", num, wire, wireBytes)
		case 2:
			size = v
			return want("Digest", num, wire, wireVarint)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(hash) == 0 && size == 0 {
		return nil
	}
	if len(hash) != 2*sha256.Size || size > math.MaxInt64 {
		return malformed("Digest", "not a SHA-256 digest and a size")
	}
	for _, c := range hash {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return malformed("Digest", "hash is not in lower-case hexadecimal")
		}
	}
	if _, err := hex.Decode(to.Hash[:], hash); err != nil {
		return malformed("Digest", "hash is not in lower-case hexadecimal")
	}
	to.Size = int64(size)
	return nil
}

// decodeNode decodes the fields of an OutputFile that it has in common with the nodes of a tree.
func decodeNode(message string, data []byte) (name string, d Digest, executable bool, err error) {
	err = fields(message, data, func(num, wire int, v uint64, data []byte) error {
		switch num {
		case 1:
			return decodeString(message, num, wire, data, &name)
		case 2:
			return decodeDigest(message, num, wire, data, &d)
		case 4:
			executable = v != 0
			return want(message, num, wire, wireVarint)
		}
		return nil
	})
	if err == nil && d.IsZero() {
		err = malformed(message, "%q has no digest", name)
	}
	return name, d, executable, err
}

// UnmarshalActionResult decodes an ActionResult. Paths are checked to be relative and clean.
func UnmarshalActionResult(b []byte) (*ActionResult, error) {
	const message = "ActionResult"
	r := &ActionResult{}
	err := fields(message, b, func(num, wire int, v uint64, data []byte) error {
		switch num {
		case 2:
			if err := want(message, num, wire, wireBytes); err != nil {
				return err
			}
			f, err := decodeOutputFile(data)
			if err != nil {
				return err
			}
			r.OutputFiles = append(r.OutputFiles, f)
		case 4:
			r.ExitCode = int32(v)
			return want(message, num, wire, wireVarint)
		case 5:
			r.Stdout = cloneBytes(data)
			return want(message, num, wire, wireBytes)
		case 6:
			return decodeDigest(message, num, wire, data, &r.StdoutDigest)
		case 7:
			r.Stderr = cloneBytes(data)
			return want(message, num, wire, wireBytes)
		case 8:
			return decodeDigest(message, num, wire, data, &r.StderrDigest)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// decodeOutputFile decodes an OutputFile, whose contents, if any, must have its digest.
func decodeOutputFile(data []byte) (f OutputFile, err error) {
	const message = "OutputFile"
	f.Path, f.Digest, f.Executable, err = decodeNode(message, data)
	if err != nil {
		return f, err
	}
	if reason := badPath(f.Path); reason != "" {
		return f, malformed(message, "path %q %s", f.Path, reason)
	}
	err = fields(message, data, func(num, wire int, _ uint64, data []byte) error {
		if num != 5 {
			return nil
		}
		f.Contents = cloneBytes(data)
		return want(message, num, wire, wireBytes)
	})
	if err == nil && f.Contents != nil && Of(f.Contents) != f.Digest {
		err = malformed(message, "contents of %q do not have its digest", f.Path)
	}
	return f, err
}

// cloneBytes copies b, so that a result does not hold on to the message it was read from; empty is nil.
func cloneBytes(b []byte) []byte { return append([]byte(nil), b...) }
