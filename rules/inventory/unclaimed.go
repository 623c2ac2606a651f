package inventory

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine"
	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/files"
	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/rules/signals"
)

// UnclaimedParams are the parameters of "inventory.unclaimed". Input: "files" (all files of a tree). Output: "report",
// empty.
type UnclaimedParams struct {
	Claims []Claim  `json:"claims"`
	Own    []string `json:"own"`   // holders of what is the tree's own, beside those that it states
	Roots  []string `json:"roots"` // folders of third-party code
}

// Claim is the files of a tree that somebody speaks of: as a package's, or as not a package's.
type Claim struct {
	Srcs    []string `json:"srcs"`
	Exclude []string `json:"exclude"`
}

// maxTold bounds how many libraries are told of a tree: nobody reads more.
const maxTold = 100

func runUnclaimed(ctx context.Context, call action.Call) error {
	var p UnclaimedParams
	if err := call.Params(&p); err != nil {
		return err
	}
	var patterns []string
	for _, c := range p.Claims {
		// What a package excludes is known as well: the tree's own, beside it.
		patterns = append(append(patterns, c.Srcs...), c.Exclude...)
	}
	known, err := files.Compile(patterns, nil)
	if err != nil {
		return err
	}
	in := call.Files("files")
	list := make([]signals.File, len(in))
	for i, f := range in {
		s, err := signals.Decode(files.Part(f.Facet, signals.FacetPart))
		if err != nil {
			return fmt.Errorf("input file %q: %w", f.Path, err)
		}
		_, ok := known.Match(f.Path)
		if base := path.Base(f.Path); base == engine.BuildFile || base == engine.RootFile {
			ok = true // it may say whose other files are
		}
		list[i] = signals.File{Path: f.Path, Signals: s, Known: ok}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	for i, r := range p.Roots {
		p.Roots[i] = strings.TrimSuffix(r, "/")
	}
	libs := signals.Find(list, signals.Options{Own: p.Own, Roots: p.Roots})
	for _, l := range libs[:min(len(libs), maxTold)] {
		call.Report(unclaimed(l))
	}
	if n := len(libs) - maxTold; n > 0 {
		f := unclaimed(libs[maxTold])
		f.Msg = fmt.Sprintf("%d more libraries look vendored, and no package claims them; this is the first", n)
		f.Hints = []string{"if most of the tree is told, say whose it is with own, or where third-party code lies with third_party_roots; these are told once the others are settled"}
		call.Report(f)
	}
	return action.WriteOutput(call, "report", nil)
}

// maxPlaces bounds how many places of a library are named.
const maxPlaces = 6

// unclaimed is the finding of a library that nobody claims, at the file that says most.
func unclaimed(l signals.Library) finding.Finding {
	n := 0
	var places, patterns []string
	for _, p := range l.Places {
		n += len(p.Files)
		if len(places) < maxPlaces {
			places = append(places, files.Printable(p.String()))
			patterns = append(patterns, pattern(p)...)
		}
	}
	if more := len(l.Places) - len(places); more > 0 {
		places = append(places, fmt.Sprintf("%d more places", more))
	}
	first := l.Places[0].Reasons[0]
	why := reasons(l)
	verb, them := "looks", "it"
	if len(places) > 1 || !l.Places[0].Folder && n > 1 {
		verb, them = "look", "them"
	}
	what := strings.Join(places, " and ")
	if slices.ContainsFunc(l.Places, func(p signals.Place) bool { return p.Folder }) {
		what += fmt.Sprintf(" (%s)", count(n))
	}
	msg := fmt.Sprintf("%s %s vendored, and no package claims %s: %s", what, verb, them, files.Printable(strings.Join(why, "; ")))
	f := finding.Finding{Rule: RuleUnclaimed, Severity: finding.Warning, Pos: diag.Pos{File: first.Path, Line: first.Line}, Msg: msg, Found: files.Printable(l.Name)}
	quoted := make([]string, 0, len(patterns))
	for _, p := range patterns {
		quoted = append(quoted, shellQuote(files.Printable(p)))
	}
	f.Hints = []string{fmt.Sprintf("if it is: sbomctl add %s --version VERSION --srcs %s", shellQuote(files.Printable(l.Name)), strings.Join(quoted, " --srcs ")),
		fmt.Sprintf("if it is not: waive(\"unclaimed\", path = %q, reason = \"...\")", files.Printable(patterns[0]))}
	return f
}

func count(files int) string {
	if files == 1 {
		return "1 file"
	}
	return fmt.Sprintf("%d files", files)
}

// maxPatterns bounds how many files a hint names.
const maxPatterns = 6

// pattern returns the patterns that mean a place.
func pattern(p signals.Place) []string {
	if p.Folder {
		return []string{p.Path + "/**"}
	}
	return p.Files[:min(len(p.Files), maxPatterns)]
}

// reasons are those of the library's places, each text once, and its licence.
func reasons(l signals.Library) []string {
	var out []string
	seen := map[string]bool{}
	for _, p := range l.Places {
		for _, r := range p.Reasons {
			if !seen[r.Text] && len(out) < 2 {
				seen[r.Text] = true
				out = append(out, r.Text)
			}
		}
	}
	if l.License != "" && !strings.Contains(strings.Join(out, " "), l.License) {
		out = append(out, "licence "+l.License)
	}
	return out
}

// shellQuote quotes a word for a shell where it must be.
func shellQuote(s string) string {
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_./+@", r))
	}) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
