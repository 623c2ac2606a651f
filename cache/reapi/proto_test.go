package reapi

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"fmt"
	"math/rand"
	"os"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
	_ "google.golang.org/protobuf/types/known/anypb"
	_ "google.golang.org/protobuf/types/known/durationpb"
	_ "google.golang.org/protobuf/types/known/timestamppb"
	_ "google.golang.org/protobuf/types/known/wrapperspb"
)

// The judge is google's own protobuf encoder on the API's own descriptors:
// testdata/remote_execution.textproto is the FileDescriptorProto in
// github.com/bazelbuild/remote-apis v0.0.0-20260908115904-76ddd98e1f92, cut down to the
// messages used here (Apache-2.0). Importing that module instead would bring gRPC and
// seven more modules into go.mod.

var schema = func() protoreflect.MessageDescriptors {
	text, err := os.ReadFile("testdata/remote_execution.textproto")
	if err != nil {
		panic(err)
	}
	var file descriptorpb.FileDescriptorProto
	if err := prototext.Unmarshal(text, &file); err != nil {
		panic(err)
	}
	// What this package skips as unknown must be unknown to the judge, too.
	for _, m := range file.MessageType {
		m.Field = slices.DeleteFunc(m.Field, func(f *descriptorpb.FieldDescriptorProto) bool {
			return f.GetName() == "node_properties"
		})
	}
	fd, err := protodesc.NewFile(&file, protoregistry.GlobalFiles)
	if err != nil {
		panic(err)
	}
	return fd.Messages()
}()

// message is a dynamic protobuf message with setters by field name.
type message struct{ *dynamicpb.Message }

func newMessage(name protoreflect.Name) message {
	return message{dynamicpb.NewMessage(schema.ByName(name))}
}

func (m message) field(name protoreflect.Name) protoreflect.FieldDescriptor {
	f := m.Descriptor().Fields().ByName(name)
	if f == nil {
		panic(fmt.Sprintf("%s has no field %s", m.Descriptor().Name(), name))
	}
	return f
}

func (m message) set(name protoreflect.Name, v any) message {
	m.Set(m.field(name), protoreflect.ValueOf(v))
	return m
}

func (m message) digest(name protoreflect.Name, d Digest) message {
	if !d.IsZero() {
		m.set(name, newMessage("Digest").set("hash", d.Hex()).set("size_bytes", d.Size).ProtoReflect())
	}
	return m
}

func (m message) add(name protoreflect.Name, v any) message {
	m.Mutable(m.field(name)).List().Append(protoreflect.ValueOf(v))
	return m
}

// sub appends an element to a repeated message field and returns it.
func (m message) sub(name protoreflect.Name) message {
	e := m.Mutable(m.field(name)).List().AppendMutable().Message()
	return message{e.Interface().(*dynamicpb.Message)}
}

func (m message) platform(properties []Property) message {
	if len(properties) == 0 {
		return m
	}
	p := message{m.Mutable(m.field("platform")).Message().Interface().(*dynamicpb.Message)}
	for _, x := range properties {
		p.sub("properties").set("name", x.Name).set("value", x.Value)
	}
	return m
}

func (m message) marshal(t testing.TB) []byte {
	t.Helper()
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m.Message)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func protoDirectory(d *Directory) message {
	m := newMessage("Directory")
	for _, f := range d.Files {
		m.sub("files").set("name", f.Name).digest("digest", f.Digest).set("is_executable", f.Executable)
	}
	for _, c := range d.Directories {
		m.sub("directories").set("name", c.Name).digest("digest", c.Digest)
	}
	for _, l := range d.Symlinks {
		m.sub("symlinks").set("name", l.Name).set("target", l.Target)
	}
	return m
}

func protoCommand(c *Command) message {
	m := newMessage("Command")
	for _, a := range c.Arguments {
		m.add("arguments", a)
	}
	for _, e := range c.EnvironmentVariables {
		m.sub("environment_variables").set("name", e.Name).set("value", e.Value)
	}
	for _, p := range c.OutputPaths {
		m.add("output_paths", p)
	}
	m.set("working_directory", c.WorkingDirectory)
	return m.platform(c.Platform)
}

func protoAction(a *Action) message {
	m := newMessage("Action").digest("command_digest", a.CommandDigest).digest("input_root_digest", a.InputRootDigest)
	if a.Timeout != 0 {
		d := message{m.Mutable(m.field("timeout")).Message().Interface().(*dynamicpb.Message)}
		d.set("seconds", int64(a.Timeout/time.Second)).set("nanos", int32(a.Timeout%time.Second))
	}
	return m.set("do_not_cache", a.DoNotCache).set("salt", a.Salt).platform(a.Platform)
}

func protoActionResult(r *ActionResult) message {
	m := newMessage("ActionResult")
	for _, f := range r.OutputFiles {
		m.sub("output_files").set("path", f.Path).digest("digest", f.Digest).set("is_executable", f.Executable).set("contents", f.Contents)
	}
	m.set("exit_code", r.ExitCode).set("stdout_raw", r.Stdout).set("stderr_raw", r.Stderr)
	return m.digest("stdout_digest", r.StdoutDigest).digest("stderr_digest", r.StderrDigest)
}

// generator makes random values, a good part of them at the edges of the encoding.
type generator struct{ *rand.Rand }

func (g generator) text() string {
	alphabet := []rune("ab-._+ zZ09\x01\x7féß€漢😀")
	n := g.Intn(12)
	if g.Intn(20) == 0 {
		n = 100 + g.Intn(400) // lengths of two bytes
	}
	s := make([]rune, n)
	for i := range s {
		s[i] = alphabet[g.Intn(len(alphabet))]
	}
	return string(s)
}

func (g generator) name() string {
	for {
		if s := g.text(); badSegment(s) == "" {
			return s
		}
	}
}

func (g generator) digest() Digest {
	var d Digest
	g.Read(d.Hash[:])
	d.Size = []int64{0, 1, 127, 128, 16384, 1 << 40, 1<<63 - 1}[g.Intn(7)]
	return d
}

func (g generator) optionalDigest() Digest {
	if g.Intn(3) == 0 {
		return Digest{}
	}
	return g.digest()
}

func (g generator) blob() []byte {
	b := make([]byte, g.Intn(200))
	g.Read(b)
	return b[:len(b)*g.Intn(2)]
}

// names returns up to n different names in order.
func (g generator) names(n int) []string {
	var s []string
	for range g.Intn(n + 1) {
		s = append(s, g.name())
	}
	slices.Sort(s)
	return slices.Compact(s)
}

func (g generator) properties() []Property {
	var p []Property
	for _, name := range g.names(4) {
		p = append(p, Property{name, g.text()}, Property{name, g.text()})
	}
	slices.SortFunc(p, func(x, y Property) int {
		return cmp.Or(cmp.Compare(x.Name, y.Name), cmp.Compare(x.Value, y.Value))
	})
	return p
}

// directory returns one in canonical form: names are dealt to the three lists.
func (g generator) directory() *Directory {
	d := &Directory{}
	for _, name := range g.names(30) {
		switch g.Intn(3) {
		case 0:
			d.Files = append(d.Files, FileNode{name, g.digest(), g.Intn(2) == 0})
		case 1:
			d.Directories = append(d.Directories, DirectoryNode{name, g.digest()})
		default:
			d.Symlinks = append(d.Symlinks, SymlinkNode{name, g.name()})
		}
	}
	return d
}

func (g generator) command() *Command {
	c := &Command{OutputPaths: g.names(5), Platform: g.properties()}
	if g.Intn(2) == 0 {
		c.WorkingDirectory = g.text()
	}
	for range g.Intn(5) {
		c.Arguments = append(c.Arguments, g.text())
	}
	for _, name := range g.names(4) {
		c.EnvironmentVariables = append(c.EnvironmentVariables, EnvironmentVariable{name, g.text()})
	}
	return c
}

func (g generator) action() *Action {
	return &Action{g.optionalDigest(), g.optionalDigest(), time.Duration(g.Intn(3)) * (time.Second + time.Millisecond), g.Intn(2) == 0, g.blob(), g.properties()}
}

func (g generator) outputFile() OutputFile {
	f := OutputFile{Path: g.name() + "/" + g.name(), Digest: g.digest(), Executable: g.Intn(2) == 0}
	if b := cloneBytes(g.blob()); len(b) > 0 && g.Intn(2) == 0 {
		f.Contents, f.Digest = b, Of(b)
	}
	return f
}

func (g generator) result() *ActionResult {
	r := &ActionResult{
		ExitCode: []int32{0, 1, 127, 128, -1, -1 << 31}[g.Intn(6)],
		Stdout:   cloneBytes(g.blob()), Stderr: cloneBytes(g.blob()),
		StdoutDigest: g.optionalDigest(), StderrDigest: g.optionalDigest(),
	}
	for range g.Intn(6) {
		r.OutputFiles = append(r.OutputFiles, g.outputFile())
	}
	return r
}

func TestMarshalEqualsProtobuf(t *testing.T) {
	g := generator{rand.New(rand.NewSource(1))}
	for i := range 2000 {
		directory, command, action, result := g.directory(), g.command(), g.action(), g.result()
		for _, c := range []struct {
			message   string
			got, want []byte
		}{
			{"Directory", directory.Marshal(), protoDirectory(directory).marshal(t)},
			{"Command", command.Marshal(), protoCommand(command).marshal(t)},
			{"Action", action.Marshal(), protoAction(action).marshal(t)},
			{"ActionResult", result.Marshal(), protoActionResult(result).marshal(t)},
		} {
			if !bytes.Equal(c.got, c.want) {
				t.Fatalf("value %d: %s:\n got %x\nwant %x", i, c.message, c.got, c.want)
			}
		}
	}
}

func TestMarshalSorts(t *testing.T) {
	g := generator{rand.New(rand.NewSource(2))}
	for range 300 {
		d, c, a := g.directory(), g.command(), g.action()
		wantD, wantC, wantA := d.Marshal(), c.Marshal(), a.Marshal()
		shuffle(g, d.Files)
		shuffle(g, d.Directories)
		shuffle(g, d.Symlinks)
		shuffle(g, c.EnvironmentVariables)
		c.OutputPaths = append(c.OutputPaths, c.OutputPaths...)
		shuffle(g, c.OutputPaths)
		shuffle(g, c.Platform)
		shuffle(g, a.Platform)
		first := slices.Clone(c.OutputPaths)
		if !bytes.Equal(d.Marshal(), wantD) || !bytes.Equal(c.Marshal(), wantC) || !bytes.Equal(a.Marshal(), wantA) {
			t.Fatal("the encoding depends on the order of the lists")
		}
		if !slices.Equal(first, c.OutputPaths) {
			t.Fatal("Marshal reordered the caller's list")
		}
	}
}

func shuffle[T any](g generator, s []T) {
	g.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] })
}

// Written with the generated Go code of remote-apis, so that the descriptors are checked too.
func TestMarshalGolden(t *testing.T) {
	empty := Of(nil)
	for _, c := range []struct {
		name string
		got  []byte
		want string
	}{
		{"empty directory", (&Directory{}).Marshal(), ""},
		{"action", (&Action{CommandDigest: empty, InputRootDigest: Of([]byte("x")), DoNotCache: true, Salt: []byte("s"), Platform: []Property{{"os", "any"}}}).Marshal(), goldenAction},
		{"command", (&Command{Arguments: []string{"spdx.base", ""}, EnvironmentVariables: []EnvironmentVariable{{"A", "1"}}, OutputPaths: []string{"a.json"}, Platform: []Property{{"os", "any"}}}).Marshal(), goldenCommand},
		{"directory", (&Directory{Files: []FileNode{{"f", Of([]byte("x")), true}}, Directories: []DirectoryNode{{"d", empty}}, Symlinks: []SymlinkNode{{"l", "f"}}}).Marshal(), goldenDirectory},
		{"result", (&ActionResult{OutputFiles: []OutputFile{{Path: "a/b", Digest: Of([]byte("x")), Executable: true}}, ExitCode: -1, Stdout: []byte("o"), Stderr: []byte("e"), StdoutDigest: empty, StderrDigest: empty}).Marshal(), goldenResult},
	} {
		if got := hex.EncodeToString(c.got); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

const (
	goldenAction    = "0a420a406533623063343432393866633163313439616662663463383939366662393234323761653431653436343962393334636134393539393162373835326238353512440a4032643731313634326237323662303434303136323763613966626163333266356338353330666231393033636334646230323235383731373932316134383831100138014a0173520b0a090a026f731203616e79"
	goldenCommand   = "0a09737064782e626173650a0012060a01411201312a0b0a090a026f731203616e793a06612e6a736f6e"
	goldenDirectory = "0a4b0a016612440a40326437313136343262373236623034343031363237636139666261633332663563383533306662313930336363346462303232353837313739323161343838311001200112470a016412420a40653362306334343239386663316331343961666266346338393936666239323432376165343165343634396239333463613439353939316237383532623835351a060a016c120166"
	goldenResult    = "124d0a03612f6212440a40326437313136343262373236623034343031363237636139666261633332663563383533306662313930336363346462303232353837313739323161343838311001200120ffffffffffffffffff012a016f32420a40653362306334343239386663316331343961666266346338393936666239323432376165343165343634396239333463613439353939316237383532623835353a016542420a4065336230633434323938666331633134396166626634633839393666623932343237616534316534363439623933346361343935393931623738353262383535"
)
