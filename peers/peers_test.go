package peers

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// sbomctl is the program, built by TestMain.
var sbomctl string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "peers")
	if err != nil {
		panic(err)
	}
	sbomctl = filepath.Join(dir, "sbomctl")
	build := exec.Command("go", "build", "-o", sbomctl, "./cmd/sbomctl")
	build.Dir = ".."
	build.Env = append(os.Environ(), "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		os.Stderr.Write(out)
		os.RemoveAll(dir)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// run runs the program in dir, with a cache of the test's own, and wants that exit code.
func run(t *testing.T, dir string, code int, args ...string) (stdout []byte) {
	t.Helper()
	cmd := exec.Command(sbomctl, args...)
	cmd.Dir = dir
	home := t.TempDir()
	cmd.Env = append(os.Environ(), "HOME="+home, "XDG_CACHE_HOME="+home+"/cache", "SOURCE_DATE_EPOCH=")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.Run()
	if got := cmd.ProcessState.ExitCode(); got != code {
		t.Fatalf("sbomctl %s: exit %d, want %d\n%s", strings.Join(args, " "), got, code, errs.String())
	}
	return out.Bytes()
}

// schema compiles a schema of testdata; formats such as uri and date-time are held, too.
func schema(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("https://schema.example/"+name, decode(t, text)); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("https://schema.example/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func decode(t *testing.T, text []byte) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("%v in %.200s", err, text)
	}
	return v
}

// mutation is a change of a document: the value at a path becomes another one, or goes.
type mutation struct {
	Name   string          `json:"name"`
	Path   []any           `json:"path"` // names and indexes; the last name may be new
	Value  json.RawMessage `json:"value"`
	Remove bool            `json:"remove"`
	Schema bool            `json:"schema"` // whether the schema takes the result
	Valid  bool            `json:"valid"`  // whether it is a valid document
}

// apply changes a copy of the document.
func (m mutation) apply(t *testing.T, text []byte) any {
	t.Helper()
	doc := decode(t, text)
	at := doc
	for _, step := range m.Path[:len(m.Path)-1] {
		switch step := step.(type) {
		case string:
			at = at.(map[string]any)[step]
		case float64:
			at = at.([]any)[int(step)]
		}
	}
	last := m.Path[len(m.Path)-1]
	switch {
	case m.Remove:
		if _, ok := at.(map[string]any)[last.(string)]; !ok {
			t.Fatalf("%s: there is no %v", m.Name, m.Path)
		}
		delete(at.(map[string]any), last.(string))
	default:
		if name, ok := last.(string); ok {
			at.(map[string]any)[name] = decode(t, m.Value)
		} else {
			at.([]any)[int(last.(float64))] = decode(t, m.Value)
		}
	}
	return doc
}
