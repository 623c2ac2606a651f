package action

import (
	"context"
	"fmt"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/cache/reapi"
	"github.com/sbomctl/sbomctl/engine/finding"
)

// InProcess is the Runner of operations: it calls Go functions.
type InProcess struct {
	Store      cache.Store
	Operations map[string]*Operation // by name
}

// maxFindings bounds what one action may report: a result is kept whole, and read whole.
const maxFindings = 10_000

// Run implements Runner.
func (p *InProcess) Run(ctx context.Context, s *Spec) (*reapi.ActionResult, error) {
	op := p.Operations[s.Operation.Name]
	if op == nil || op.Identity() != s.Operation {
		return nil, fmt.Errorf("there is no operation %s", s.Operation)
	}
	c := &call{ctx: ctx, store: p.Store, spec: s, outputs: map[string]Output{}, open: map[string]*outputWriter{}}
	err := op.Run(ctx, c)
	c.abort()
	if err == nil {
		err = c.err
	}
	if err != nil {
		return nil, err
	}
	if len(c.findings) > maxFindings {
		return nil, fmt.Errorf("operation %s has %d findings, more than %d", op.Name, len(c.findings), maxFindings)
	}
	ar := &reapi.ActionResult{}
	if ar.Stdout, err = finding.Encode(c.findings); err != nil {
		return nil, fmt.Errorf("operation %s: %w", op.Name, err)
	}
	for _, name := range s.Outputs {
		o, ok := c.outputs[name]
		if !ok {
			return nil, fmt.Errorf("operation %s did not write its output %q", op.Name, name)
		}
		ar.OutputFiles = append(ar.OutputFiles, reapi.OutputFile{Path: name, Digest: o.Digest, Contents: o.Inline})
	}
	return ar, nil
}

// Inspect returns a Call over s that can read its inputs and create no output.
func (p *InProcess) Inspect(ctx context.Context, s *Spec) Call {
	read := *s
	read.Outputs = nil
	return &call{ctx: ctx, store: p.Store, spec: &read}
}
