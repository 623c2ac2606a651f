package sandbox

import (
	"bytes"
	"io"
)

// Bubblewrap says what it could not do on the standard error that the command inherits. So output that begins as its
// messages do is held back until it is known who wrote it.
const (
	messagePrefix = "bwrap: "
	maxMessage    = 1 << 14
)

// output takes what comes out of a sandbox.
type output struct {
	to      io.Writer
	left    int64 // how much may still reach it; negative is all
	dropped int64
	hold    []byte // the beginning, when it may be bubblewrap's
	passing bool   // it is the command's
}

func newOutput(to io.Writer, limit int64) *output {
	if to == nil {
		to = io.Discard
	}
	if limit == 0 {
		limit = -1
	}
	return &output{to: to, left: limit}
}

// copy takes all that r has to its end. An error of the writer is returned then: who writes to r must not be held up.
func (o *output) copy(r io.Reader) error {
	var failed error
	buf := make([]byte, 1<<15)
	for {
		n, err := r.Read(buf)
		if n > 0 && failed == nil {
			failed = o.take(buf[:n])
		}
		if err != nil {
			return failed
		}
	}
}

func (o *output) take(data []byte) error {
	if o.passing {
		return o.pass(data)
	}
	o.hold = append(o.hold, data...)
	n := min(len(o.hold), len(messagePrefix))
	if bytes.Equal(o.hold[:n], []byte(messagePrefix)[:n]) && len(o.hold) <= maxMessage {
		return nil
	}
	return o.flush()
}

// flush says that what was held back is the command's.
func (o *output) flush() error {
	o.passing = true
	data := o.hold
	o.hold = nil
	return o.pass(data)
}

func (o *output) pass(data []byte) error {
	if o.left >= 0 && int64(len(data)) > o.left {
		o.dropped += int64(len(data)) - o.left
		data = data[:o.left]
	}
	if o.left >= 0 {
		o.left -= int64(len(data))
	}
	if len(data) == 0 {
		return nil
	}
	_, err := o.to.Write(data)
	return err
}

// held returns what was held back.
func (o *output) held() string { return string(o.hold) }
