package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

// results are the figures of -record=FILE, which README.md's table is made of. A run replaces the figures of the
// benchmarks that it runs and keeps the others.
type results struct {
	Machine    string     `json:"machine"`
	Benchmarks []measured `json:"benchmarks"` // in the order of benchmarks
}

// measured are the figures of one benchmark.
type measured struct {
	Name     string `json:"name"`
	Date     string `json:"date"`     // "2026-11-22"
	Revision string `json:"revision"` // commit, with "+changes" when there were some
	Rows     []row  `json:"rows"`
}

// row is one figure, or one comparison.
type row struct {
	Name  string  `json:"name"`
	Wall  float64 `json:"seconds,omitempty"` // median
	Bytes int64   `json:"bytes,omitempty"`   // instead of Wall: how large a file is
	Floor string  `json:"floor,omitempty"`
	Other float64 `json:"floorSeconds,omitempty"`

	OtherBytes int64 `json:"floorBytes,omitempty"`

	Ratio  float64 `json:"ratio,omitempty"` // median of the pairs'
	PeakMB int64   `json:"peakMB,omitempty"`
}

func readResults(path string) (results, error) {
	var r results
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &r)
	}
	return r, err
}

// record puts rows in the place of those that the benchmark had.
func (b *bench) record(path string, bm benchmark) error {
	r, err := readResults(path)
	if err != nil {
		return err
	}
	if machine := machine(); r.Machine != machine {
		r = results{Machine: machine} // figures of two machines do not go together
	}
	m := measured{Name: bm.name, Date: time.Now().UTC().Format(time.DateOnly), Revision: b.revision(), Rows: b.rows}
	r.Benchmarks = append(slices.DeleteFunc(r.Benchmarks, func(old measured) bool { return old.Name == bm.name }), m)
	place := func(m measured) int {
		return slices.IndexFunc(benchmarks, func(b benchmark) bool { return b.name == m.Name })
	}
	slices.SortFunc(r.Benchmarks, func(x, y measured) int { return place(x) - place(y) })
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(data, '\n'), 0o666)
}

func machine() string {
	return fmt.Sprintf("%s/%s, %d processors, %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
}

func (b *bench) revision() string {
	git := func(args ...string) string {
		cmd := exec.Command("git", args...)
		cmd.Dir = b.repo
		out, err := cmd.Output()
		if err != nil {
			return "unknown"
		}
		return strings.TrimSpace(string(out))
	}
	revision := git("rev-parse", "--short=7", "HEAD")
	if git("status", "--porcelain", "--untracked-files=no") != "" {
		revision += "+changes"
	}
	return revision
}

// table is the results in Markdown.
func (r results) table() string {
	var b strings.Builder
	b.WriteString("| work | sbomctl | floor or peer | ratio |\n|---|---|---|---|\n")
	peak := int64(0)
	var when []string
	for _, m := range r.Benchmarks {
		for _, row := range m.Rows {
			ours, others, digits := seconds(row.Wall), seconds(row.Other), 2
			if row.Bytes > 0 {
				ours, others, digits = megabytes(row.Bytes), megabytes(row.OtherBytes), 3
			}
			floor, ratio := "", ""
			if row.Floor != "" {
				floor, ratio = row.Floor+": "+others, fmt.Sprintf("%.*f", digits, row.Ratio)
			}
			fmt.Fprintf(&b, "| %s: %s | %s | %s | %s |\n", m.Name, row.Name, ours, floor, ratio)
			peak = max(peak, row.PeakMB)
		}
		if w := m.Date + " at " + m.Revision; !slices.Contains(when, w) {
			when = append(when, w)
		}
	}
	fmt.Fprintf(&b, "\nMeasured on %s; %s.", r.Machine, strings.Join(when, ", "))
	if peak > 0 {
		fmt.Fprintf(&b, " The most memory that any of them took is %d MB.", peak)
	}
	b.WriteString("\n")
	return b.String()
}

// seconds has three digits that mean something.
func seconds(s float64) string {
	switch {
	case s < 0.1:
		return fmt.Sprintf("%.1f ms", s*1000)
	case s < 10:
		return fmt.Sprintf("%.2f s", s)
	}
	return fmt.Sprintf("%.1f s", s)
}
