package action

import (
	"fmt"
	"strconv"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/cache/reapi"
)

// Spec is an action: one application of an operation to files that are known by digest.
type Spec struct {
	Operation *Operation
	Params    []byte   // a JSON object in canonical form (keys sorted, no white space)
	Inputs    []Input  // sorted by name
	Outputs   []string // names, sorted
}

// Input is a named input: a list of files in an order that the operation may rely on.
type Input struct {
	Name  string
	Files []File
}

// Where the bytes of a File are (File.Handle).
type (
	// Blob is in the content-addressed store under the file's digest.
	Blob struct{}
	// Inline is here: an output that is so small that it travels with its result.
	Inline struct{ Bytes []byte }
	// Disk is an ordinary file; its bytes are checked against the digest when they are read.
	Disk struct{ Path string }
	// Member lies at an offset in a blob: a member of an unpacked archive.
	Member struct {
		Data   cache.Digest
		Offset int64
	}
)

// manifestName is a file in every input root. It keeps what a Merkle tree, which is sorted
// by name, does not: the order of an input's files, and which pattern each matched.
const manifestName = "manifest"

// Key returns the digest of the Remote Execution API v2 Action that s is:
//
//	command     arguments are "sbomctl", the operation's name and version, and the parameters
//	            output_paths are the outputs' names
//	input root  manifest, and for each input a folder of its name with its files in it
//
// Nothing else reaches the key: no path of this machine, no environment, no clock.
func (s *Spec) Key() (cache.Digest, error) {
	manifest, files := s.inputRoot()
	files = append(files, reapi.TreeFile{Path: manifestName, Digest: cache.Of(manifest)})
	root, err := reapi.BuildTree(files, nil)
	if err != nil {
		return cache.Digest{}, fmt.Errorf("the inputs of %s do not form a tree: %w", s.Operation.Name, err)
	}
	command := reapi.Command{
		Arguments:   []string{"sbomctl", s.Operation.Name, strconv.Itoa(s.Operation.Version), string(s.Params)},
		OutputPaths: s.Outputs,
	}
	act := reapi.Action{CommandDigest: cache.Of(command.Marshal()), InputRootDigest: root}
	return cache.Of(act.Marshal()), nil
}

// inputRoot lists the files of the input root, and the manifest's bytes: for each input a
// line with its name and number of files, then a line for each file with its pattern and
// path. A path that occurs twice in an input gets its position before it.
func (s *Spec) inputRoot() (manifest []byte, files []reapi.TreeFile) {
	for _, in := range s.Inputs {
		manifest = append(manifest, in.Name...)
		manifest = append(manifest, ' ')
		manifest = strconv.AppendInt(manifest, int64(len(in.Files)), 10)
		manifest = append(manifest, '\n')
		numbered := hasDuplicates(in.Files)
		for i, f := range in.Files {
			path := f.Path
			if numbered {
				path = strconv.Itoa(i) + "/" + path
			}
			manifest = strconv.AppendInt(manifest, int64(f.Pattern), 10)
			manifest = append(manifest, ' ')
			manifest = append(manifest, path...)
			manifest = append(manifest, '\n')
			files = append(files, reapi.TreeFile{Path: in.Name + "/" + path, Digest: f.Digest, Executable: f.Executable})
		}
	}
	return manifest, files
}

func hasDuplicates(files []File) bool {
	if len(files) < 2 {
		return false
	}
	seen := make(map[string]struct{}, len(files))
	for _, f := range files {
		if _, ok := seen[f.Path]; ok {
			return true
		}
		seen[f.Path] = struct{}{}
	}
	return false
}
