package action

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/cache/reapi"
)

// Spec says what is run, over files that are known by digest; a Runner says how. What is run is an
// operation or a command line, never both.
type Spec struct {
	Operation Version // of what Params are; zero when Command is set
	Params    []byte  // a JSON object in canonical form (keys sorted, no white space)
	Aside     []byte  // another one, or nil: parameters that are no part of what the result is (Operation.Aside)

	// Of a command only.
	Command     []string         // a program and its arguments
	Dir         string           // where it is run: a folder of its input root; "" is that itself
	Environment []reapi.Property // all that it has but what its image and the runner bring; sorted by name, each once
	Platform    []reapi.Property // what the runner must offer, never nothing; sorted by name, each once
	Timeout     time.Duration    // longest run; 0 is the runner's own

	Inputs  []Input  // sorted by name, each once
	Outputs []string // names, sorted, each once; of a command paths below Dir
	NoCache bool     // the result is neither looked up nor kept
}

// Version names an operation as it was at some time.
type Version struct {
	Name   string
	Number int
}

// String returns "name version".
func (v Version) String() string { return v.Name + " " + strconv.Itoa(v.Number) }

// Input is a named input: a list of files in an order that an operation may rely on. A command sees each file at its
// path, and nothing of names and order.
type Input struct {
	Name  string
	Files []File
}

// Where the bytes of a File are (File.Handle).
type (
	// Blob is in the content-addressed store under the file's digest.
	Blob struct{}
	// Inline is here: an output that is so small that it travels with its result, or the target of a link, which is told at Path.
	Inline struct {
		Bytes []byte
		Path  string // in messages; "" is the file's own
	}
	// Disk is an ordinary file; its bytes are checked against the digest when they are read.
	Disk struct{ Path string }
	// Member lies at an offset in a blob: a member of an unpacked archive.
	Member struct {
		Data   cache.Digest
		Offset int64
	}
)

// Key returns the digest of the Remote Execution API v2 Action that s is. Equal keys mean equal specs, but for Aside
// and for where the bytes of files are:
//
//	operation   arguments are "sbomctl", the operation's name and version, and the parameters; output_paths those of s
//	input root  manifest         what a Merkle tree, which is sorted by name, does not keep (manifest)
//	            inputs/N/...     the files of the input at position N
//	action      do_not_cache is that of s; there is no platform
//
//	command     arguments, environment_variables, working_directory and output_paths are those of s
//	input root  the files of all inputs, each at its path
//	action      timeout, do_not_cache and platform are those of s
//
// So whoever runs commands for the API can run a command of ours, and none of them can be taken for an operation, which has no platform.
// Nothing else reaches the key: no path of this machine, no environment of ours, no clock.
func (s *Spec) Key() (cache.Digest, error) {
	if err := s.check(); err != nil {
		return cache.Digest{}, err
	}
	root, err := s.inputRoot(false)
	var path *reapi.PathError
	if errors.As(err, &path) && len(s.Command) == 0 {
		// Two files of one path, or one below another: no tree, unless each lies in a folder of its own.
		root, err = s.inputRoot(true)
	}
	if err != nil {
		return cache.Digest{}, fmt.Errorf("the inputs of %s do not form a tree: %w", s, err)
	}
	command := reapi.Command{Arguments: s.Command, WorkingDirectory: s.Dir, OutputPaths: s.Outputs}
	if len(s.Command) == 0 {
		command.Arguments = []string{"sbomctl", s.Operation.Name, strconv.Itoa(s.Operation.Number), string(s.Params)}
	}
	for _, v := range s.Environment {
		command.EnvironmentVariables = append(command.EnvironmentVariables, reapi.EnvironmentVariable(v))
	}
	act := reapi.Action{CommandDigest: cache.Of(command.Marshal()), InputRootDigest: root, Timeout: s.Timeout, DoNotCache: s.NoCache, Platform: s.Platform}
	return cache.Of(act.Marshal()), nil
}

// String names what is run.
func (s *Spec) String() string {
	if len(s.Command) > 0 {
		return "command " + s.Command[0]
	}
	return "operation " + s.Operation.Name
}

// check refuses what would have no form of its own in the key: the messages of the API are sorted, and hold a name once.
func (s *Spec) check() error {
	if (s.Operation == Version{}) == (len(s.Command) == 0) || len(s.Command) > 0 && len(s.Params) > 0 {
		return errors.New("an action is either an operation with parameters or a command")
	}
	if len(s.Command) == 0 && (s.Dir != "" || len(s.Environment) > 0 || len(s.Platform) > 0 || s.Timeout != 0) {
		return fmt.Errorf("%s: only a command has a folder, an environment, a platform and a time limit", s)
	}
	if len(s.Command) > 0 && len(s.Platform) == 0 {
		return fmt.Errorf("%s: it is not said on what platform it runs", s)
	}
	if s.Dir != "" && !slices.ContainsFunc(s.Inputs, func(in Input) bool {
		return slices.ContainsFunc(in.Files, func(f File) bool { return strings.HasPrefix(f.Path, s.Dir+"/") })
	}) {
		return fmt.Errorf("%s: it is to run in the folder %q, and none of its inputs lies below that", s, s.Dir)
	}
	for i := range s.Inputs {
		if i > 0 && s.Inputs[i].Name <= s.Inputs[i-1].Name {
			return fmt.Errorf("%s: input %q is not in its place", s, s.Inputs[i].Name)
		}
	}
	for i := range s.Outputs {
		if i > 0 && s.Outputs[i] <= s.Outputs[i-1] {
			return fmt.Errorf("%s: output %q is not in its place", s, s.Outputs[i])
		}
	}
	for _, list := range [][]reapi.Property{s.Environment, s.Platform} {
		for i := range list {
			if i > 0 && list[i].Name <= list[i-1].Name {
				return fmt.Errorf("%s: %q is not in its place", s, list[i].Name)
			}
		}
	}
	return nil
}

// inputRoot returns the digest of the input root. With numbered, a file lies in a folder named by its position
// in the input; a *reapi.PathError without it says that it is needed.
func (s *Spec) inputRoot(numbered bool) (cache.Digest, error) {
	var files []reapi.TreeFile
	if len(s.Command) > 0 {
		for _, in := range s.Inputs {
			for _, f := range in.Files {
				files = append(files, reapi.TreeFile{Path: f.Path, Digest: f.Digest, Executable: f.Executable})
			}
		}
		return reapi.BuildTree(files, nil)
	}
	for i, in := range s.Inputs {
		folder := "inputs/" + strconv.Itoa(i) + "/"
		for j, f := range in.Files {
			path := folder
			if numbered {
				path += strconv.Itoa(j) + "/"
			}
			files = append(files, reapi.TreeFile{Path: path + f.Path, Digest: f.Digest, Executable: f.Executable})
		}
	}
	files = append(files, reapi.TreeFile{Path: "manifest", Digest: cache.Of(s.manifest(numbered))})
	return reapi.BuildTree(files, nil)
}

// manifest is what an operation sees of its inputs beside what lies at a path of the input root: names and order of
// the inputs, order and paths of their files, and which pattern each matched; then, where there are any, which of the files are
// links (1) and empty folders (2), as the positions of input and file. Numbers are unsigned varints, and strings have their length before them.
func (s *Spec) manifest(numbered bool) []byte {
	b := []byte{0, flag(numbered)} // the first has been there since a command had a manifest, too: keys outlive programs
	b = binary.AppendUvarint(b, uint64(len(s.Inputs)))
	for _, in := range s.Inputs {
		b = appendString(b, in.Name)
		b = binary.AppendUvarint(b, uint64(len(in.Files)))
		for _, f := range in.Files {
			b = appendString(b, f.Path)
			b = binary.AppendUvarint(b, uint64(f.Pattern))
		}
	}
	for i, in := range s.Inputs {
		for j, f := range in.Files {
			kind := uint64(0)
			switch {
			case f.Link != "":
				kind = 1
			case f.Folder:
				kind = 2
			default:
				continue
			}
			b = binary.AppendUvarint(b, kind)
			b = binary.AppendUvarint(binary.AppendUvarint(b, uint64(i)), uint64(j))
		}
	}
	return b
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func flag(set bool) byte {
	if set {
		return 1
	}
	return 0
}
