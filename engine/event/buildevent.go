package event

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/finding"
)

// JSONSchema is the number that buildStarted carries. It is raised when a field changes its
// meaning or goes away; new fields and new types may appear without it.
const JSONSchema = 1

// JSON is the listener of --build_event_json_file: newline-delimited JSON, one object for each
// event in the order of the stream. "type" comes first. Times are whole microseconds since
// the build started; bytes of names that are not UTF-8 become U+FFFD.
//
//	buildStarted   schema, command, patterns
//	planned        done, total
//	nodeStarted    id, kind, name, label?, startUs
//	nodeFinished   id, kind, name, label?, outcome ("ran", "cached", "failed", "abandoned"), changed, reasons?, digest?, key?, startUs, endUs, errors?
//	warning        label?, message
//	finding        rule, severity, label?, pos?, path?, declaration?, attr?, message, declared?, found?, hints?, fix?
//	outputReady    label, path, digest, written
//	outputRemoved  path, failed
//	buildFinished  ran, cached, failed, upToDate, waived, elapsedUs, interrupted, errors?
//
// A field marked ? is absent when there is nothing to say. "reasons" goes from the node to
// the leaf; each has cause ("noTrace", "input", "attribute", "lost", "forced"), name?, old?, new?.
// A finding's path is what the tree that its file is in calls that file, where pos calls it otherwise; declaration is where the
// attribute, or the target, that it is about is declared; fix is an object of command, or of attr and value or remove, or of old and new.
// Waived findings are counted, not told; sbomctl check --format=json has them.
// "errors" are objects of message and position?, label?, hints?.
type JSON struct {
	w   *bufio.Writer
	enc *json.Encoder
	err error
}

// NewJSON returns a listener that writes to w as events come.
func NewJSON(w io.Writer) *JSON {
	b := bufio.NewWriter(w)
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	return &JSON{w: b, enc: enc}
}

type jsonReason struct {
	Cause string `json:"cause"`
	Name  string `json:"name,omitempty"`
	Old   string `json:"old,omitempty"`
	New   string `json:"new,omitempty"`
}

type jsonError struct {
	Message  string   `json:"message"`
	Position string   `json:"position,omitempty"`
	Label    string   `json:"label,omitempty"`
	Lines    []string `json:"lines,omitempty"`
	Hints    []string `json:"hints,omitempty"`
}

type jsonBuildStarted struct {
	Type     string   `json:"type"`
	Schema   int      `json:"schema"`
	Command  string   `json:"command"`
	Patterns []string `json:"patterns"`
}

type jsonPlanned struct {
	Type  string `json:"type"`
	Done  int    `json:"done"`
	Total int    `json:"total"`
}

type jsonNodeStarted struct {
	Type    string `json:"type"`
	ID      uint32 `json:"id"`
	Kind    string `json:"kind"`
	Name    string `json:"name"`
	Label   string `json:"label,omitempty"`
	StartUs int64  `json:"startUs"`
}

type jsonNodeFinished struct {
	Type    string       `json:"type"`
	ID      uint32       `json:"id"`
	Kind    string       `json:"kind"`
	Name    string       `json:"name"`
	Label   string       `json:"label,omitempty"`
	Outcome string       `json:"outcome"`
	Changed bool         `json:"changed"`
	Reasons []jsonReason `json:"reasons,omitempty"`
	Digest  string       `json:"digest,omitempty"`
	Key     string       `json:"key,omitempty"`
	StartUs int64        `json:"startUs"`
	EndUs   int64        `json:"endUs"`
	Errors  []jsonError  `json:"errors,omitempty"`
}

type jsonWarning struct {
	Type    string `json:"type"`
	Label   string `json:"label,omitempty"`
	Message string `json:"message"`
}

type jsonFinding struct {
	Type        string       `json:"type"`
	Rule        string       `json:"rule"`
	Severity    string       `json:"severity"`
	Label       string       `json:"label,omitempty"`
	Pos         string       `json:"pos,omitempty"`
	Path        string       `json:"path,omitempty"`
	Declaration string       `json:"declaration,omitempty"`
	Attr        string       `json:"attr,omitempty"`
	Message     string       `json:"message"`
	Declared    string       `json:"declared,omitempty"`
	Found       string       `json:"found,omitempty"`
	Hints       []string     `json:"hints,omitempty"`
	Fix         *finding.Fix `json:"fix,omitempty"`
}

type jsonOutputReady struct {
	Type    string `json:"type"`
	Label   string `json:"label"`
	Path    string `json:"path"`
	Digest  string `json:"digest"`
	Written bool   `json:"written"`
}

type jsonOutputRemoved struct {
	Type   string `json:"type"`
	Path   string `json:"path"`
	Failed bool   `json:"failed"`
}

type jsonBuildFinished struct {
	Type        string      `json:"type"`
	Ran         int         `json:"ran"`
	Cached      int         `json:"cached"`
	Failed      int         `json:"failed"`
	UpToDate    int         `json:"upToDate"`
	Waived      int         `json:"waived"`
	ElapsedUs   int64       `json:"elapsedUs"`
	Interrupted bool        `json:"interrupted"`
	Errors      []jsonError `json:"errors,omitempty"`
}

// Handle writes e. After the first error of the writer it does nothing.
func (j *JSON) Handle(e Event) {
	if j.err != nil {
		return
	}
	if v := jsonOf(e); v != nil {
		j.err = j.enc.Encode(v)
	}
}

// Close writes what is buffered and returns the first error of the writer, which it does not close.
func (j *JSON) Close() error {
	if err := j.w.Flush(); j.err == nil {
		j.err = err
	}
	return j.err
}

func jsonOf(e Event) any {
	switch e := e.(type) {
	case BuildStarted:
		return jsonBuildStarted{"buildStarted", JSONSchema, e.Command, append([]string{}, e.Patterns...)}
	case Planned:
		return jsonPlanned{"planned", e.Done, e.Total}
	case NodeStarted:
		return jsonNodeStarted{"nodeStarted", e.ID, e.Kind, e.Name, e.Label, micros(e.At)}
	case NodeFinished:
		return jsonNodeFinished{
			"nodeFinished", e.ID, e.Kind, e.Name, e.Label, e.Outcome.String(), e.Changed,
			jsonReasons(e.Reason), e.Digest, e.Key, micros(e.Start), micros(e.End), jsonErrors(e.Err),
		}
	case Warning:
		return jsonWarning{"warning", e.Label, e.Message}
	case Found:
		return jsonFinding{
			"finding", e.Rule, e.Severity.String(), e.Label, e.Pos.String(), e.Path, e.Declaration.String(), e.Attr, e.Msg,
			e.Declared, e.Found, e.Hints, e.Fix,
		}
	case OutputReady:
		return jsonOutputReady{"outputReady", e.Label, e.Path, e.Digest, e.Written}
	case OutputRemoved:
		return jsonOutputRemoved{"outputRemoved", e.Path, e.Failed}
	case BuildFinished:
		return jsonBuildFinished{
			"buildFinished", e.Ran, e.Cached, e.Failed, e.UpToDate, e.Waived, micros(e.Elapsed), e.Interrupted, jsonErrors(e.Err),
		}
	}
	return nil
}

var causeNames = map[Cause]string{NoTrace: "noTrace", Input: "input", Attribute: "attribute", Lost: "lost", Forced: "forced"}

func jsonReasons(r *Reason) []jsonReason {
	var out []jsonReason
	for _, step := range r.Chain() {
		out = append(out, jsonReason{causeNames[step.Cause], step.Name, step.Old, step.New})
	}
	return out
}

func jsonErrors(err error) []jsonError {
	var out []jsonError
	for _, err := range diag.Flatten(err) {
		var d *diag.Error
		if errors.As(err, &d) {
			out = append(out, jsonError{d.Msg, d.Pos.String(), d.Label, d.Lines, d.Hints})
		} else {
			out = append(out, jsonError{Message: err.Error()})
		}
	}
	return out
}

func micros(d time.Duration) int64 { return d.Microseconds() }
