package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/event"
	"github.com/spf13/cobra"
)

func (a *app) buildCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "build PATTERN...",
		Short: "bring targets up to date",
		Long: `Brings the targets that the patterns name up to date. Their outputs lie under
sbom-out/, and their paths are printed to standard output, one a line. Standard error
says of each action that ran why it had to.

Patterns: //pkg:name  :name  //pkg:all  //pkg/...  //...  and -PATTERN to leave targets out.`,
		Example: "sbomctl build //release:all\nsbomctl build //... -//release:all",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.prepare(cmd); err != nil {
				return err
			}
			return a.build(unshield(args))
		},
		ValidArgsFunction: a.completeLabels,
	}
	a.flags.workspaceFlags(cmd.Flags())
	a.flags.buildFlags(cmd.Flags())
	return cmd
}

func (a *app) build(patterns []string) error {
	if len(patterns) == 0 {
		return usage("build needs a target pattern", "sbomctl build //... builds everything")
	}
	listeners, records, err := a.openRecords()
	if err != nil {
		return err
	}
	events := event.NewStream(append(listeners, a.ui)...)
	o, err := a.options(events)
	if err != nil {
		return err
	}
	a.ui.start(events.Since)
	var outputs []output
	err = a.withWorkspace(o, func(ctx context.Context, w workspace) error {
		var err error
		outputs, err = w.Build(ctx, patterns)
		return err
	})
	a.ui.close()
	err = joinErrors(err, records.close())
	for _, o := range outputs {
		fmt.Fprintln(a.stdout, a.fromHere(o.Path))
	}
	if flushErr := a.stdout.Flush(); flushErr != nil {
		err = joinErrors(err, writeError("standard output", flushErr))
	}
	a.ui.error(err)
	a.ui.summary()
	return said(err)
}

// joinErrors reports both; the class of the first decides on the exit code.
func joinErrors(err, other error) error {
	switch {
	case err == nil:
		return other
	case other == nil:
		return err
	}
	return diag.List{err, other}
}

// saidError is an error that was shown and only carries the exit code.
type saidError struct{ error }

func (e saidError) Unwrap() error { return e.error }

func said(err error) error {
	if err == nil {
		return nil
	}
	return saidError{err}
}

// record is a file that a listener of the event stream writes.
type record struct {
	file     *os.File
	flag     string
	listener interface {
		event.Listener
		io.Closer
	}
}

type records []record

// openRecords creates the files of --explain, --profile and --build_event_json_file before
// anything is built: a build whose record cannot be kept is not begun.
func (a *app) openRecords() ([]event.Listener, records, error) {
	var all records
	var listeners []event.Listener
	open := func(flag, path string, listener func(io.Writer) record) error {
		if path == "" {
			return nil
		}
		f, err := os.Create(path)
		if err != nil {
			return usage("cannot create the file of --" + flag + ` "` + path + `": ` + osReason(err))
		}
		r := listener(bufio.NewWriter(f))
		r.file, r.flag = f, flag
		all = append(all, r)
		listeners = append(listeners, r.listener)
		return nil
	}
	var errs diag.List
	for _, err := range []error{
		open("explain", a.flags.explain, func(w io.Writer) record { return record{listener: event.NewExplain(w)} }),
		open("profile", a.flags.profile, func(w io.Writer) record { return record{listener: event.NewTrace(w)} }),
		open("build_event_json_file", a.flags.eventJSON, func(w io.Writer) record { return record{listener: event.NewJSON(w)} }),
	} {
		if err != nil {
			errs = append(errs, err)
		}
	}
	if err := errs.Err(); err != nil {
		_ = all.close()
		return nil, nil, &usageError{err}
	}
	return listeners, all, nil
}

// close ends the files and reports the first error of each.
func (rs records) close() error {
	var errs diag.List
	for _, r := range rs {
		err := r.listener.Close()
		if closeErr := r.file.Close(); err == nil {
			err = closeErr
		}
		if err != nil {
			errs = append(errs, writeError("the file of --"+r.flag, err))
		}
	}
	return errs.Err()
}
