package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/cache/osfile"
	"github.com/sbomctl/sbomctl/cmd/sbomctl/format"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/event"
	"github.com/sbomctl/sbomctl/engine/label"
	"github.com/sbomctl/sbomctl/rules"
	"github.com/sbomctl/sbomctl/rules/audit"
	"github.com/sbomctl/sbomctl/rules/pin"
)

// auditFlags are the flags of audit alone.
type auditFlags struct {
	level       string
	rehash      bool
	statement   string
	history     bool
	historyFile string
}

// now is the clock. An audit is the one command that asks it for more than how long something took; tests have another.
var now = time.Now

func (a *app) auditCommand() *cobra.Command {
	f := &auditFlags{}
	var levels []string
	for l := range audit.MaxLevel + 1 {
		levels = append(levels, strconv.Itoa(l))
	}
	cmd := &cobra.Command{
		Use:   "audit PATTERN...",
		Short: "ask registries whether the pins of container images hold",
		Long: `Audits the container images among the targets that the patterns name and all targets below them.
For each image and level it prints a verdict: proven, finding, or inconclusive, when who could tell
did not answer. Each level up to --level is tried, also when one before it was inconclusive:

  0  references     the files that name the image agree with the declaration; a part of check
  1  resolves       the registry has the digest: the manifest is fetched and hashed
  2  complete       so has it all that the digest names, for all platforms, and all of it hashes;
                    declared platforms are there, and configs and media types agree with the index
  3  tag            the tag still points at the digest
  4  attached       signatures, SBOMs and provenance are listed, and those by declared signers verified
  5  deterministic  the command that a target runs in the image yields the same twice
  6  outputs        what it yields is what is committed

Exit code: 0 when each verdict is proven or waived; 3 when there are findings, warnings among them; 4 when
there are none, and something is inconclusive; 1 when not everything could be audited.

A blob of a repository that an earlier audit hashed is not downloaded again: the registry is asked
whether it has it.
--rehash downloads it. With --offline no registry is asked, and what only a registry can say is inconclusive.

Where tags pointed is written down in pin-history.jsonl: in the workspace's root when there is such a file,
to be committed (touch pin-history.jsonl), else below the cache folder. audit --history prints it.
--statement=FILE writes an in-toto statement of what was proven; there is none when nothing was.`,
		Example: "sbomctl audit //...\nsbomctl audit --level=2 --offline //:cpython_autoconf\nsbomctl audit --history //...\nsbomctl audit --statement=audit.intoto.json //...",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.prepare(cmd); err != nil {
				return err
			}
			if f.history {
				return a.auditHistory(f, unshield(args))
			}
			return a.audit(f, unshield(args))
		},
		ValidArgsFunction: a.completeLabels,
	}
	fs := cmd.Flags()
	a.flags.workspaceFlags(fs)
	_ = cmd.RegisterFlagCompletionFunc("override", a.completeOverride)
	completeRuntimes(cmd)
	a.flags.findingFlags(fs)
	enumVar(fs, &a.flags.format, "format", "text", slices.Sorted(maps.Keys(reportFormats)), "how to print what came of it")
	enumVar(fs, &f.level, "level", strconv.Itoa(audit.DefaultLevel), levels, "the last level that is tried")
	boolVar(fs, &f.rehash, "rehash", false, "download and hash again what an earlier audit hashed")
	fs.Var((*pathValue)(&f.statement), "statement", "write to `FILE` an in-toto statement of what was proven")
	boolVar(fs, &f.history, "history", false, "print where tags pointed, as earlier audits saw it, and ask nobody")
	fs.Var((*pathValue)(&f.historyFile), "history_file", "keep the history in `FILE`")
	_ = cmd.RegisterFlagCompletionFunc("format", completeWords(slices.Sorted(maps.Keys(reportFormats))...))
	_ = cmd.RegisterFlagCompletionFunc("level", completeWords(levels...))
	return cmd
}

func (a *app) warn(message string) { a.ui.warn("", message) }

// errInconclusive ends an audit that found nothing, and could not find out everything; it has been said already.
var errInconclusive = errors.New("something is inconclusive")

func (a *app) audit(f *auditFlags, patterns []string) error {
	if len(patterns) == 0 {
		return usage("audit needs a target pattern", "sbomctl audit //... audits all container images")
	}
	parsed, err := a.parsePatterns(patterns)
	if err != nil {
		return err
	}
	level, _ := strconv.Atoi(f.level) // one of the words of the flag
	on := now()
	r := &report{}
	opened := false
	var result rules.AuditResult
	var historyPath string
	var pathErr error
	var events *event.Stream
	prepare := func(o *options) {
		events = o.Events
		o.KeepGoing, o.SkipValidation, o.AnalyseOnly = true, false, false
		historyPath, pathErr = a.historyPath(f, *o)
	}
	err = a.live(prepare, func(ctx context.Context, w workspace) error {
		opened = true
		if pathErr != nil {
			return pathErr
		}
		result, r.unchecked = w.Audit(ctx, parsed, rules.AuditRequest{Level: level, Rehash: f.rehash, Root: a.root, Warn: a.warn, Watch: watcher(events), Now: on})
		if ctx.Err() != nil {
			return ctx.Err()
		}
		r.Report = result.Report
		r.audit = &format.Audit{Level: level, On: on, Images: result.Images, Site: w.Site}
		if a.flags.format == "json" || a.flags.format == "sarif" {
			r.fixes = w.Fixes(r.Findings)
		}
		if len(result.Images) > 0 {
			h := audit.History{Path: historyPath, Warn: a.warn}
			if err := h.Append(ctx, audit.Records(result.Images, on)); err != nil {
				a.ui.warn("", "what was seen is not written to "+historyPath+": "+err.Error())
			}
		}
		return r.unchecked
	})
	if !opened || errors.Is(err, errInterrupted) || r.audit == nil {
		return err
	}
	return a.auditEnd(f, r)
}

// auditKind is the kind of the live lines of images that are asked for. No node of the graph is of it.
const auditKind = "audit"

// watcher shows which images are asked for in the live part of a terminal. Numbers of nodes begin at the other end.
func watcher(events *event.Stream) func(im *pin.Image, done bool) {
	var mu sync.Mutex
	ids := map[string]uint32{}
	return func(im *pin.Image, done bool) {
		mu.Lock()
		id, ok := ids[im.Label]
		if !ok {
			id = math.MaxUint32 - uint32(len(ids))
			ids[im.Label] = id
		}
		mu.Unlock()
		if done {
			events.Emit(event.NodeFinished{ID: id, Kind: auditKind, Name: im.Repository, Label: im.Label})
		} else {
			events.Emit(event.NodeStarted{ID: id, Kind: auditKind, Name: im.Repository, Label: im.Label, At: events.Since()})
		}
	}
}

// auditEnd prints what came of an audit, and returns what it ends with.
func (a *app) auditEnd(f *auditFlags, r *report) error {
	var err error = r.unchecked
	write := reportFormats[a.flags.format]
	if a.flags.format == "text" {
		write = (*app).writeTextAudit
	}
	writeErr := write(a, a.stdout, r)
	if flushErr := a.stdout.Flush(); writeErr == nil {
		writeErr = flushErr
	}
	if writeErr != nil {
		err = joinErrors(err, writeError("standard output", writeErr))
	}
	if f.statement != "" {
		err = joinErrors(err, a.writeStatement(f.statement, r))
	}
	a.ui.error(err)
	c, unknown := r.count(), len(r.audit.Inconclusive())
	a.ui.audited(c, unknown, r)
	switch {
	case err != nil:
		return said(err)
	case c.errors > 0 || r.audit.Found():
		return errFindings
	case unknown > 0:
		return errInconclusive
	}
	return nil
}

// writeStatement writes the statement of what was proven.
func (a *app) writeStatement(file string, r *report) error {
	path := a.absolute(file)
	s := audit.State(r.audit.Images, readVersion().Version, r.audit.On)
	if s == nil {
		text := "nothing was proven, so " + file + " is not written"
		if _, err := os.Lstat(path); err == nil {
			text += "; the one that is there is of an earlier audit"
		}
		a.warn(text)
		return nil
	}
	b, err := s.Encode()
	switch {
	case err != nil:
	case path == "/dev/stdout": // of which it may be that it leads to an ordinary file, with what was printed
		if _, err = a.stdout.Write(b); err == nil {
			err = a.stdout.Flush()
		}
	default:
		err = writeUserFile(path, b)
	}
	if err != nil {
		return writeError(file, err)
	}
	return nil
}

// writeUserFile makes b a file that the user named, whole or not at all; what is no ordinary file, such as /dev/stdout, is written to.
func writeUserFile(path string, b []byte) error {
	if fi, err := os.Stat(path); err == nil && !fi.Mode().IsRegular() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		_, err = f.Write(b)
		return errors.Join(err, f.Close())
	}
	return osfile.Replace(path, b, filepath.Dir(path))
}

// historyPath is the history file: what the user named, the workspace's when it has one, else one below the cache folder.
func (a *app) historyPath(f *auditFlags, o options) (string, error) {
	if f.historyFile != "" {
		return a.absolute(f.historyFile), nil
	}
	own := filepath.Join(a.root, audit.HistoryName)
	if _, err := os.Lstat(own); err == nil {
		return own, nil
	}
	dir, err := cacheFolder(o)
	return filepath.Join(dir, cache.Layout, audit.HistoryName), err
}

// writeTextAudit writes a table of verdicts, the findings as check does, and what is not known.
func (a *app) writeTextAudit(w io.Writer, r *report) error {
	if len(r.audit.Images) > 0 {
		if err := a.writeVerdicts(w, r.audit); err != nil {
			return err
		}
	}
	if len(r.Findings) > 0 {
		fmt.Fprintln(w)
		if err := a.writeTextReport(w, r); err != nil {
			return err
		}
	}
	writeAttached(w, r.audit)
	hinted := map[string]bool{}
	for i, u := range r.audit.Inconclusive() {
		if i == 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "%s%s: %s [%s]\n", placeText(u.Site), event.Printable(u.Label), event.Printable(u.Text()), u.Kind)
		for _, l := range u.Levels {
			if text := r.audit.Instead(u.Label, l); text != "" {
				fmt.Fprintf(w, "    %s: %s\n", audit.Names[l], event.Printable(text))
			}
		}
		for _, h := range u.Hints {
			if !hinted[h] {
				fmt.Fprintf(w, "    hint: %s\n", event.Printable(h))
			}
			hinted[h] = true
		}
	}
	for i, u := range r.audit.Skipped() {
		if i == 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "%s: not tried (%s): %s\n", event.Printable(u.Label), levelNames(u.Levels), event.Printable(u.Why))
	}
	return nil
}

// writeAttached lists what is attached to each image.
func writeAttached(w io.Writer, r *format.Audit) {
	for i := range r.Images {
		im := &r.Images[i]
		if len(im.Attachments) == 0 {
			continue
		}
		fmt.Fprintf(w, "\n%s: attached\n", event.Printable(im.Image.Label))
		for _, at := range im.Attachments {
			what := string(at.Kind) + " " + at.Digest.String()
			if at.Platform != "" {
				what += " of " + at.Platform
			}
			switch {
			case len(at.Verified) > 0:
				what += ", verified: signed by " + at.Signed
			case at.Problem != "":
				what += ", " + at.Problem
			case at.Signed != "":
				what += ", not verified: says that it is signed by " + at.Signed
			}
			fmt.Fprintf(w, "    %s\n", event.Printable(what))
		}
	}
}

func placeText(p diag.Pos) string {
	if p.IsZero() {
		return ""
	}
	p.File = event.Printable(p.File)
	return p.String() + ": "
}

func levelNames(levels []int) string {
	var names []string
	for _, l := range levels {
		names = append(names, audit.Names[l])
	}
	return strings.Join(names, ", ")
}

// writeVerdicts writes the table, a row an image; with --verbose what each verdict rests on.
func (a *app) writeVerdicts(w io.Writer, r *format.Audit) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprint(table, "image")
	for l := range r.Level + 1 {
		fmt.Fprintf(table, "\t%d %s", l, audit.Names[l])
	}
	fmt.Fprintln(table)
	before := 0
	for i := range r.Images {
		im := &r.Images[i]
		fmt.Fprint(table, event.Printable(im.Image.Label))
		for _, v := range im.Verdicts[:r.Level+1] {
			fmt.Fprintf(table, "\t%s", strings.ReplaceAll(string(v.Outcome), "-", " "))
		}
		fmt.Fprintln(table)
		before += im.Verdicts[audit.Complete].Before
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if a.flags.verbose {
		for i := range r.Images {
			im := &r.Images[i]
			fmt.Fprintf(w, "\n%s\n", event.Printable(im.Image.Label))
			for l, v := range im.Verdicts[:r.Level+1] {
				if v.Outcome == audit.Proven {
					fmt.Fprintf(w, "    %s: %s\n", audit.Names[l], event.Printable(v.Text))
				}
			}
		}
	}
	if before > 0 || r.Level < audit.MaxLevel {
		fmt.Fprintln(w)
	}
	if before > 0 {
		fmt.Fprintf(w, "%s hashed by an earlier audit: the registry was asked whether it has them; --rehash downloads them\n", plural(before, "blob"))
	}
	if r.Level < audit.MaxLevel {
		fmt.Fprintf(w, "not asked for: %s; --level=%d has all\n", strings.Join(audit.Names[r.Level+1:], ", "), audit.MaxLevel)
	}
	return nil
}

// auditHistory prints where tags pointed.
func (a *app) auditHistory(f *auditFlags, patterns []string) error {
	if a.flags.format != "text" && a.flags.format != "json" {
		return usage("--history is printed as text or json, and --format=" + a.flags.format + " is for findings")
	}
	var parsed label.Patterns
	if len(patterns) > 0 {
		var err error
		if parsed, err = a.parsePatterns(patterns); err != nil {
			return err
		}
	}
	o, err := a.options(event.NewStream(a.ui))
	if err != nil {
		return err
	}
	path, err := a.historyPath(f, o)
	if err != nil {
		return err
	}
	records, err := (&audit.History{Path: path, Warn: a.warn}).Read()
	if err != nil {
		return &diag.Error{Msg: "cannot read the history " + path + ": " + err.Error()}
	}
	if parsed != nil {
		err := a.withWorkspace(o, func(_ context.Context, w workspace) error {
			images, err := w.Images(parsed)
			records = slices.DeleteFunc(records, func(r audit.Record) bool { return !slices.Contains(images, r.Image) })
			return err
		})
		if err != nil {
			return err
		}
	}
	all := audit.Stretches(records)
	if a.flags.format == "json" {
		return format.History(a.stdout, readVersion().Version, all)
	}
	a.printHistory(all)
	if len(all) == 0 {
		a.ui.note("no audit saw a tag of these images: " + path + " has nothing of them")
	}
	return nil
}

func (a *app) printHistory(all [][]audit.Stretch) {
	for i, of := range all {
		if i > 0 {
			fmt.Fprintln(a.stdout)
		}
		fmt.Fprintln(a.stdout, event.Printable(of[0].Image+":"+of[0].Tag))
		for j, s := range of {
			seen, rest := s.Seen, ""
			switch {
			case s.Seen == "":
				seen = "no such tag"
			case s.Pinned:
				rest = ", as pinned"
			}
			if j > 0 {
				rest += ", moved after " + stamp(of[j-1].Last)
			}
			fmt.Fprintf(a.stdout, "    %s  from %s to %s%s\n", seen, stamp(s.First), stamp(s.Last), rest)
		}
	}
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// audited is the last line of an audit.
func (u *ui) audited(c counts, unknown int, r *report) {
	n := len(r.audit.Images)
	if n == 0 {
		if r.unchecked == nil {
			u.note("no container image is among the targets, nor below them: there is nothing to audit")
		}
		return
	}
	u.undated(r.Undated)
	var parts []string
	switch {
	case c.errors+c.warnings+c.notes > 0:
		parts = append(parts, c.String())
	case c.waived > 0:
		parts = append(parts, strconv.Itoa(c.waived)+" waived")
	}
	if unknown > 0 {
		parts = append(parts, strconv.Itoa(unknown)+" inconclusive")
	}
	if skipped := len(r.audit.Skipped()); skipped > 0 {
		parts = append(parts, strconv.Itoa(skipped)+" not tried")
	}
	if r.unchecked != nil {
		parts = append(parts, "not everything could be audited")
	}
	if len(parts) == 0 {
		parts = []string{"all proven"}
	}
	u.note(plural(n, "image") + " to level " + strconv.Itoa(r.audit.Level) + ": " + strings.Join(parts, ", "))
}
