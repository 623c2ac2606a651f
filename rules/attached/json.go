package attached

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// maxDepth bounds how deep objects and lists may be in each other.
const maxDepth = 64

// decode reads JSON of a stranger into v: one value, and no deeper than maxDepth.
func decode(b []byte, v any) error {
	if err := checkDepth(b); err != nil {
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return errors.New("is not the JSON that it has to be")
	}
	return nil
}

// checkDepth looks at the brackets alone, before anything is built of them.
func checkDepth(b []byte) error {
	depth, inString := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return fmt.Errorf("has JSON more than %d levels deep", maxDepth)
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}

// bytes64 is bytes in base64, of either alphabet, as Protocol Buffers read them in JSON.
type bytes64 []byte

// UnmarshalJSON implements json.Unmarshaler.
func (b *bytes64) UnmarshalJSON(text []byte) error {
	var s string
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	out, err := decode64(s)
	*b = out
	return err
}

// decode64 decodes base64, of either alphabet, padded.
func decode64(s string) ([]byte, error) {
	out, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil {
		out, err = base64.URLEncoding.Strict().DecodeString(s)
	}
	if err != nil {
		return nil, errors.New("is no base64")
	}
	return out, nil
}

// encode64 is base64 as logs and payloads have it.
func encode64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// int64s is a number that may be written as a string, as Protocol Buffers write it in JSON.
type int64s int64

// UnmarshalJSON implements json.Unmarshaler.
func (n *int64s) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		return nil
	}
	v, err := strconv.ParseInt(string(bytes.Trim(text, `"`)), 10, 64)
	*n = int64s(v)
	return err
}
