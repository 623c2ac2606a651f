package reproduce

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/container"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/finding"
)

// CompareName is the operation that holds two runs of a command against each other.
const CompareName = "container.compare"

// The two runs, as the names of inputs begin.
const (
	normal    = "normal"
	perturbed = "perturbed"
)

// maxListing bounds a listing, in bytes.
const maxListing = 32 << 20

func compare(call action.Call, p Params) error {
	for i, path := range p.Paths {
		first, err := action.OnlyFile(call, fmt.Sprintf("%s:%d", normal, i))
		if err != nil {
			return err
		}
		second, err := action.OnlyFile(call, fmt.Sprintf("%s:%d", perturbed, i))
		if err != nil {
			return err
		}
		if first.Digest == second.Digest && first.Executable == second.Executable {
			continue
		}
		f := finding.Finding{Rule: NondeterministicID, Severity: finding.Error, Attr: "command", Declared: path}
		if first.Digest == second.Digest {
			f.Msg = fmt.Sprintf("two runs of the command make different things: %s is executable in one of them only", path)
			call.Report(f)
			continue
		}
		a, err := call.Read(first, MaxFile)
		if err != nil {
			return err
		}
		b, err := call.Read(second, MaxFile)
		if err != nil {
			return err
		}
		d := differ("run/"+path, "perturbed/"+path, a, b)
		f.Msg = fmt.Sprintf("two runs of the command make different things: %s: %s", path, d.summary())
		f.Found, f.Hints = d.head(maxFound), d.lines(maxHints)
		call.Report(f)
	}
	a, err := listing(call, normal)
	if err != nil {
		return err
	}
	b, err := listing(call, perturbed)
	if err != nil {
		return err
	}
	left(call, a, b)
	changed(call, b)
	return nil
}

func listing(call action.Call, run string) (*container.Listing, error) {
	f, err := action.OnlyFile(call, "listing:"+run)
	if err != nil {
		return nil, err
	}
	b, err := call.Read(f, maxListing)
	if err != nil {
		return nil, err
	}
	l, err := container.ParseListing(b)
	if err != nil {
		return nil, &diag.Error{Msg: fmt.Sprintf("the listing of the %s run cannot be read: %v", run, err)}
	}
	return l, nil
}

// left notes what the runs left beside their outputs, where that differs.
func left(call action.Call, a, b *container.Listing) {
	type pair struct{ first, second *container.Left }
	all := map[string]pair{}
	for i := range a.Left {
		all[a.Left[i].Path] = pair{first: &a.Left[i]}
	}
	for i := range b.Left {
		p := all[b.Left[i].Path]
		p.second = &b.Left[i]
		all[b.Left[i].Path] = p
	}
	var differing []string
	for path, p := range all {
		switch {
		case p.second == nil:
			differing = append(differing, path+" (only in the first run)")
		case p.first == nil:
			differing = append(differing, path+" (only in the second run)")
		case *p.first != *p.second:
			differing = append(differing, path)
		}
	}
	for _, path := range a.Removed {
		if !slices.Contains(b.Removed, path) {
			differing = append(differing, path+" (removed in the first run only)")
		}
	}
	for _, path := range b.Removed {
		if !slices.Contains(a.Removed, path) {
			differing = append(differing, path+" (removed in the second run only)")
		}
	}
	if len(differing) == 0 && a.Omitted+b.Omitted == 0 {
		return
	}
	slices.Sort(differing)
	f := finding.Finding{Rule: LeftoverID, Severity: finding.Note, Attr: "command"}
	f.Msg = fmt.Sprintf("%d files beside the outputs differ between two runs of the command", len(differing))
	switch {
	case len(differing) == 1:
		f.Msg = "a file beside the outputs differs between two runs of the command"
	case len(differing) == 0:
		f.Msg = "not all files beside the outputs could be compared"
	}
	f.Hints = differing
	if more := len(differing) - maxHints; more > 1 {
		f.Hints = append(differing[:maxHints:maxHints], fmt.Sprintf("and %d more", more))
	}
	if n := cmp.Or(a.Omitted, b.Omitted); n > 0 {
		f.Hints = append(f.Hints, fmt.Sprintf("%d files more were not compared", n))
	}
	call.Report(f)
}

// underTheSame begins the note of what could not be changed.
const underTheSame = "the command ran twice under the same "

// Unchanged returns what was the same for both runs, such as "clock", though it should have differed; "" for a finding
// that does not say so.
func Unchanged(f finding.Finding) string {
	rest, ok := strings.CutPrefix(f.Msg, underTheSame)
	if f.Rule != PerturbedID || !ok {
		return ""
	}
	what, _, _ := strings.Cut(rest, ":")
	return what
}

// changed notes what differed between the runs, and apart from that each thing that could not be changed.
func changed(call action.Call, l *container.Listing) {
	note := func(msg string, hints ...string) {
		call.Report(finding.Finding{Rule: PerturbedID, Severity: finding.Note, Attr: "command", Msg: msg, Hints: hints})
	}
	var took []string
	for _, e := range l.Changed {
		switch {
		case e.To == "":
			note(fmt.Sprintf("%s%s: %s", underTheSame, e.What, e.Why))
		case e.Why != "":
			took = append(took, fmt.Sprintf("%s (%s; %s)", e.What, e.To, e.Why))
		default:
			took = append(took, fmt.Sprintf("%s (%s)", e.What, e.To))
		}
	}
	note("the command ran twice, the second time with another " + strings.Join(took, ", "))
}
