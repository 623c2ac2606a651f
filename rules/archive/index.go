package archive

import (
	"context"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/files"
	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/engine/tree"
)

// IndexParams are the parameters of archive.index; a bound of 0 means its default.
type IndexParams struct {
	// StripPrefix is the directory whose members are meant and which is stripped
	// from the paths; what lies beside it is left out. "" is the first segment of the first member, and an archive with
	// anything beside its single top-level directory is refused; "." strips nothing.
	StripPrefix string `json:"strip_prefix,omitempty"`
	Facet       string `json:"facet,omitempty"`     // ID of the facet that is wanted, which must be that of the operation
	MaxBytes    int64  `json:"max_bytes,omitempty"` // of the uncompressed archive; default 4 GiB
	MaxFiles    int    `json:"max_files,omitempty"` // and directories; default 250,000
	MaxRatio    int64  `json:"max_ratio,omitempty"` // of uncompressed to compressed bytes, beyond 64 MiB; default 200
}

// The defaults: CPython's source is 0.1 GiB, 5,214 files and directories and a ratio of 5;
// Linux's 1.6 GiB, 95,000 and 11.
const (
	defaultMaxBytes = 4 << 30
	defaultMaxFiles = 250_000
	defaultMaxRatio = 200
)

func (p *IndexParams) check() error {
	for _, b := range []struct {
		name string
		n    int64
		most int64
	}{
		{"max_bytes", p.MaxBytes, 1 << 50},
		{"max_files", int64(p.MaxFiles), tree.MaxEntries},
		{"max_ratio", p.MaxRatio, 1 << 30},
	} {
		if b.n < 0 || b.n > b.most {
			return diagf("%s is %d, expected a number from 1 to %d", b.name, b.n, b.most)
		}
	}
	if p.StripPrefix != "" && p.StripPrefix != "." {
		if err := tree.CheckPath(p.StripPrefix); err != nil {
			return diagf("strip_prefix %q %v", p.StripPrefix, err)
		}
	}
	p.MaxBytes = orDefault(p.MaxBytes, defaultMaxBytes)
	p.MaxFiles = orDefault(p.MaxFiles, defaultMaxFiles)
	p.MaxRatio = orDefault(p.MaxRatio, defaultMaxRatio)
	return nil
}

func orDefault[T int | int64](n, otherwise T) T {
	if n == 0 {
		return otherwise
	}
	return n
}

// indexer is archive.index for a facet.
type indexer struct{ facet files.Facet }

func (x indexer) run(ctx context.Context, call action.Call) (err error) {
	var params IndexParams
	if err := call.Params(&params); err != nil {
		return err
	}
	if params.Facet != x.facet.ID() {
		return diagf("facet is %q, expected %q", params.Facet, x.facet.ID())
	}
	if err := params.check(); err != nil {
		return err
	}
	archive, err := action.OnlyFile(call, "archive")
	if err != nil {
		return err
	}
	if err := context.Cause(ctx); err != nil { // a small archive would be done before a stage looks
		return err
	}
	src, err := call.Open(archive)
	if err != nil {
		return err
	}
	defer src.Close()
	in, err := newDecoder(archive.Path, src, params.MaxBytes, params.MaxRatio)
	if err != nil {
		return err
	}
	defer in.Close()
	w := newWalker(archive.Path, x.facet, params)
	if said := misnamed(archive.Path, in.kind); said != "" {
		w.strange("%s", said)
	}
	var index *tree.Index
	if in.kind == formatZip {
		index, err = indexZip(ctx, call, archive, params, w)
	} else {
		index, err = indexTar(ctx, call, in, w)
	}
	if err != nil {
		return err
	}
	for _, odd := range w.odd {
		call.Report(odd)
	}
	return action.WriteOutput(call, "index", index.Encode())
}

// indexTar reads the tar archive that in decodes to, and makes the output "data" of it.
func indexTar(ctx context.Context, call action.Call, in *decoder, w *walker) (*tree.Index, error) {
	data, err := call.Create("data")
	if err != nil {
		return nil, err
	}
	p := startPipeline(ctx, in, data)
	defer p.close()
	size, err := w.walkTar(p)
	if err != nil {
		// A damaged stream decodes to nonsense, so it is the better explanation.
		if damage := p.drain(); damage != nil {
			return nil, damage
		}
		return nil, err
	}
	p.close()
	if err := data.Close(); err != nil {
		return nil, err
	}
	if in.padding != nil && *in.padding > 0 {
		w.strange("has %s behind its %s stream", plural(int(*in.padding), "zero byte", "zero bytes"), in.name)
	}
	return w.index(size)
}

// OddRule describes what archive.index reports.
var OddRule = finding.Rule{
	ID: "odd-archive", Severity: finding.Warning,
	Title: "an archive is not quite as it should be",
	Help: `The archive is read, and something about it is odd: its end is not marked, zeros follow its compressed data, its name says another format than
its content has, or a member is there again as a link to itself. What was read is right as far as can be told. That members lie beside the folder which
` + "`strip_prefix`" + ` names is a note.

Compare the archive's checksum with the one that upstream publishes. Where it is upstream's own, waive the finding.`,
}
