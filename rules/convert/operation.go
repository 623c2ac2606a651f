package convert

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/rules/spdx"
)

// OperationName is the operation that writes a document in another format.
const OperationName = "spdx.convert"

// FindingID is the rule of what it reports.
const FindingID = "format-loss"

// Finding describes it.
var Finding = finding.Rule{
	ID: FindingID, Severity: finding.Warning,
	Title: "a value that another format cannot hold as it is",
	Help: `An SBOM is made in SPDX 2.3 JSON first, and the other ` + "`formats`" + ` are made from that. Some cannot hold each value: a line of SPDX tag-value cannot have a line break, for one.
The value is written as near to what it is as the format allows, and this finding says which it was and why. docs/formats.md has a table of what each format holds and where.

The SPDX 2.3 JSON document has the whole value. Mend the declaration that it comes from, or do without that format.`,
}

// maxLost bounds the findings of one document.
const maxLost = 20

// Params are the parameters of "spdx.convert": input "document", and of each format an output of its name.
type Params struct {
	Formats []string `json:"formats"`
}

// Operation returns "spdx.convert". One action makes all formats of a document, which is read once.
func Operation() action.Operation {
	return action.Operation{Name: OperationName, Version: 2, Run: run}
}

func run(_ context.Context, call action.Call) error {
	var p Params
	if err := call.Params(&p); err != nil {
		return err
	}
	in, err := action.OnlyFile(call, "document")
	if err != nil {
		return err
	}
	data, err := call.Read(in, spdx.MaxDocument)
	if err != nil {
		return err
	}
	d, err := Read(data)
	if err != nil {
		return err
	}
	return d.writeAll(call, p.Formats)
}

// writeAll writes the formats beside each other. What each lost is reported in their order.
func (d *Document) writeAll(call action.Call, names []string) error {
	outs := make([]action.Writer, len(names))
	for i, name := range names {
		out, err := call.Create(name)
		if err != nil {
			abort(outs[:i])
			return err
		}
		outs[i] = out
	}
	lost := make([][]finding.Finding, len(names))
	errs := make([]error, len(names))
	faults := make([]any, len(names))
	var all sync.WaitGroup
	for i, name := range names {
		all.Go(func() {
			defer func() { faults[i] = recover() }()
			errs[i] = d.Write(outs[i], name, func(f finding.Finding) { lost[i] = append(lost[i], f) })
		})
	}
	all.Wait()
	for _, fault := range faults {
		if fault != nil {
			panic(fault) // where it is caught, and told as a fault of this operation
		}
	}
	for i, out := range outs {
		if errs[i] != nil {
			abort(outs[i:])
			return errs[i]
		}
		for _, f := range lost[i] {
			call.Report(f)
		}
		if err := out.Close(); err != nil {
			abort(outs[i+1:])
			return err
		}
	}
	return nil
}

func abort(outs []action.Writer) {
	for _, out := range outs {
		out.Abort()
	}
}

// Document is an SPDX document, freed of the format that it was in.
type Document struct{ doc *document }

// Read reads a whole SPDX 2.3 document in JSON; it must be valid.
func Read(data []byte) (*Document, error) {
	d, err := read(data)
	if err != nil {
		return nil, err
	}
	return &Document{d}, nil
}

// Write writes the document in a format. What that cannot hold is reported. It may be called by several goroutines, since it
// changes nothing of the document.
func (d *Document) Write(w io.Writer, name string, report func(finding.Finding)) error {
	f, ok := format(name)
	if !ok {
		var names []string
		for _, f := range Formats {
			names = append(names, f.Name)
		}
		return &diag.Error{Msg: fmt.Sprintf("there is no format %.60q%s", name, diag.DidYouMean(name, names))}
	}
	n := 0
	b := bufio.NewWriterSize(w, 1<<16)
	err := f.write(b, d.doc, func(l lost) {
		if n++; n <= maxLost {
			report(finding.Finding{Rule: FindingID, Severity: finding.Warning, Msg: fmt.Sprintf("%s cannot hold %s as it is: %s", name, l.where, l.why)})
		}
	})
	if err != nil {
		return err
	}
	if more := n - maxLost; more > 0 {
		report(finding.Finding{Rule: FindingID, Severity: finding.Warning, Msg: fmt.Sprintf("%s cannot hold %d more values of this document as they are", name, more)})
	}
	return b.Flush()
}
