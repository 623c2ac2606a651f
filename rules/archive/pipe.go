package archive

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
)

// The buffers of a pipeline: small enough to stay in a core's cache, enough of them that no
// stage waits for another's hiccup, and 4 MiB altogether.
const (
	bufferSize  = 256 << 10
	bufferCount = 16
)

// pipeline moves the bytes of a reader, in order, through a goroutine that reads them and one
// that copies them to a writer, to whoever reads the pipeline. The first error of a stage
// arrives behind the bytes before it.
type pipeline struct {
	cancel context.CancelFunc
	stages sync.WaitGroup
	mute   atomic.Bool // nothing more is to be copied
	free   chan []byte
	in     <-chan block

	block block  // being read
	rest  []byte // of block, not yet read
	err   error  // of the stages; io.EOF at the end
}

// block is a filled buffer, or the end of the stream.
type block struct {
	bytes []byte
	err   error // when set, bytes is empty and nothing follows
}

// startPipeline reads src and copies to dst; neither may be used before close has returned.
// dst gets no more than what is read from the pipeline and the buffers between.
func startPipeline(ctx context.Context, src io.Reader, dst io.Writer) *pipeline {
	ctx, cancel := context.WithCancel(ctx)
	p := &pipeline{cancel: cancel, free: make(chan []byte, bufferCount)}
	for range bufferCount {
		p.free <- nil // made when it is needed: most archives are small
	}
	// As many places as there are buffers, and one for the error: a send never blocks.
	read := make(chan block, bufferCount+1)
	copied := make(chan block, bufferCount+1)
	p.in = copied
	p.stages.Add(2)
	go func() {
		defer p.stages.Done()
		read <- block{err: fill(ctx, src, p.free, read)}
	}()
	go func() {
		defer p.stages.Done()
		for {
			select {
			case b := <-read:
				if b.err == nil && !p.mute.Load() {
					if _, err := dst.Write(b.bytes); err != nil {
						b = block{err: err}
					}
				}
				copied <- b
				if b.err != nil {
					cancel() // nobody takes what the first stage still reads
					return
				}
			case <-ctx.Done():
				copied <- block{err: context.Cause(ctx)}
				return
			}
		}
	}()
	return p
}

// fill sends what src holds, in full buffers, until an error, which it returns.
func fill(ctx context.Context, src io.Reader, free <-chan []byte, out chan<- block) error {
	for {
		select {
		case buf := <-free:
			if buf == nil {
				buf = make([]byte, bufferSize)
			}
			n := 0
			var err error
			for n < len(buf) && err == nil {
				var m int
				m, err = src.Read(buf[n:])
				n += m
			}
			if n > 0 {
				out <- block{bytes: buf[:n]}
			}
			if err != nil {
				return err
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Read implements io.Reader.
func (p *pipeline) Read(b []byte) (int, error) {
	if err := p.next(); err != nil {
		return 0, err
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

// next makes p.rest not empty.
func (p *pipeline) next() error {
	for len(p.rest) == 0 && p.err == nil {
		if p.block.bytes != nil {
			p.free <- p.block.bytes[:bufferSize]
		}
		p.block = <-p.in
		p.rest, p.err = p.block.bytes, p.block.err
	}
	if len(p.rest) > 0 {
		return nil
	}
	return p.err
}

// drain reads to the end without copying and returns the error of the stages, nil for io.EOF.
func (p *pipeline) drain() error {
	p.mute.Store(true)
	for p.next() == nil {
		p.rest = nil
	}
	if p.err == io.EOF {
		return nil
	}
	return p.err
}

// close stops the stages and waits for them.
func (p *pipeline) close() {
	p.cancel()
	p.stages.Wait()
}
