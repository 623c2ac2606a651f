package engine

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// allowedDiskCalls are the files of the engine that may touch the disk, with the functions that they may call
// for it and the reason. What is asked of the disk anywhere else is a dependency that nobody records.
var allowedDiskCalls = map[string]struct {
	reason string
	calls  []string
}{
	"leaves.go": {"the leaves, and what is checked against what a leaf said",
		[]string{"files.ReadBytes", "files.Lstat", "files.List", "filepath.EvalSymlinks"}},
	"place.go": {"it writes outputs; the files that lie there are leaves",
		[]string{"files.Read", "files.Lstat", "os.Lstat"}},
	"outdir/outdir.go": {"it writes outputs and removes them; what lies there is looked at just before", nil},
	"outdir/record.go": {"the record of what earlier builds placed decides what is removed, and no value", nil},
	"program.go":       {"the program's own file, which is a leaf", nil},
	"source.go": {"it writes the user's files for commands that edit them",
		[]string{"os.Lstat", "os.Stat", "os.ReadFile", "os.MkdirAll", "os.Chmod", "filepath.EvalSymlinks"}},
	"state.go": {"the workspace's lock and its folder in the cache, and which folder the workspace is", nil},
	"workspace.go": {"it opens the cache and the journal",
		[]string{"files.NewReader", "cache.OpenDisk", "cache.OpenReadOnly"}},
	"action/call.go": {"the bytes of an input, which are checked against the digest that a leaf has",
		[]string{"os.Open"}},
	"eval/journal.go":             {"the record of earlier builds itself", nil},
	"oci/layout.go":               {"it reads images for those who ask by digest, and hashes them", []string{"os.O_RDONLY"}},
	"oci/store.go":                {"it keeps images by digest, as the cache does", []string{"os.O_RDONLY"}},
	"rootfs/store.go":             {"it removes root filesystems, which are made of digests alone", nil},
	"rootfs/remove.go":            {"it removes trees", nil},
	"rootfs/get_linux.go":         {"it makes root filesystems by digest, as the cache keeps blobs", nil},
	"rootfs/disk_linux.go":        {"it writes root filesystems", nil},
	"rootfs/inventory_linux.go":   {"it holds a root filesystem against what was made", nil},
	"rootfs/system_linux.go":      {"what the process may do, which decides where a root filesystem is put", nil},
	"container/runner.go":         {"it runs commands over inputs that are known by digest", nil},
	"container/work.go":           {"it lays out a command's files, whose bytes are checked against their digests", nil},
	"container/collect.go":        {"it takes the outputs of a command into the cache", nil},
	"container/listing.go":        {"it lists what a command left", nil},
	"container/perturb.go":        {"it looks for a locale in an image, which is known by digest", nil},
	"container/docker.go":         {"it runs docker or podman", nil},
	"oci/ocitest/set.go":          {"it writes layouts for tests", []string{"os.MkdirAll", "os.WriteFile"}},
	"sandbox/bubblewrap_linux.go": {"it looks for bubblewrap, and for why the kernel refuses it", nil},
	"sandbox/cgroup_linux.go":     {"it makes a control group for a process", nil},
	"sandbox/clock_linux.go":      {"it looks for libfaketime", []string{"filepath.Glob"}},
	"sandbox/fence_linux.go":      {"it asks which process another one started", nil},
	"sandbox/gate_linux.go":       {"it reaches into a sandbox that waits", nil},
	"sandbox/limits_linux.go":     {"it sets the limits of a process", nil},
	"sandbox/plan_linux.go":       {"it looks at the root folder, which is known by the digest of its image", nil},
	"sandbox/run_linux.go":        {"it runs a process", nil},
	"sandbox/watch_linux.go":      {"it looks at what a command writes", nil},
	"rootfs/use_linux.go":         {"the lock of a root filesystem", nil},
}

// pureFunctions touch no disk, though they belong to packages that do.
var pureFunctions = []string{
	"filepath.Join", "filepath.Dir", "filepath.Base", "filepath.Rel", "filepath.IsAbs", "filepath.IsLocal", "filepath.ToSlash",
	"filepath.FromSlash", "filepath.Clean", "filepath.Ext", "filepath.VolumeName", "filepath.Separator",
	"os.ErrNotExist", "os.ErrExist", "os.PathError", "os.FileInfo", "os.FileMode", "os.File", "os.LinkError",
	"fs.ErrNotExist", "fs.PathError", "fs.FileInfo", "fs.FileMode", "fs.ErrExist", "fs.ValidPath",
	"syscall.ENOTDIR", "syscall.Errno", "syscall.ENOENT",
	"cache.Of", "cache.Digest", "cache.ParseDigest", "cache.ErrMiss", "cache.Error", "osfile.IsTemp", "cache.Tag", "cache.Layout",
	"cache.Disk", "cache.Store", "cache.ActionCache", "cache.Writer", "cache.Blob", "cache.StatePath",
}

// diskPackages are the packages through which the disk can be reached, by the name that they are used under.
var diskPackages = map[string]string{
	"os": "os", "io/fs": "fs", "io/ioutil": "ioutil", "path/filepath": "filepath", "syscall": "syscall", "golang.org/x/sys/unix": "unix",
	"os/exec": "exec", "github.com/sbomctl/sbomctl/cache": "cache",
}

// readingFiles are the functions of engine/files that read the disk.
var readingFiles = []string{"files.NewReader", "files.Read", "files.ReadBytes", "files.Lstat", "files.List"}

// TestDiskReads: no function of the engine reads the disk outside the leaves. engine/files is what the leaves
// read with, and knows nothing of nodes.
func TestDiskReads(t *testing.T) {
	looked := 0
	err := filepath.WalkDir(".", func(name string, d os.DirEntry, err error) error {
		name = filepath.ToSlash(name)
		if err != nil || d.IsDir() && (name == "files" || name == "testdata") {
			return cmpErr(err, d)
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, "eval/mapped_") {
			return nil
		}
		looked++
		for _, call := range diskCalls(t, name) {
			allowed, listed := allowedDiskCalls[name]
			if listed && (allowed.calls == nil || slices.Contains(allowed.calls, call)) {
				continue
			}
			t.Errorf("engine/%s uses %s: ask for a leaf, or say in allowedDiskCalls why that is no dependency", name, call)
		}
		return nil
	})
	if err != nil || looked < 50 {
		t.Errorf("%d files, %v", looked, err)
	}
	for name, allowed := range allowedDiskCalls {
		used := diskCalls(t, name)
		for _, call := range allowed.calls {
			if !slices.Contains(used, call) {
				t.Errorf("engine/%s does not use %s any more", name, call)
			}
		}
	}
}

func cmpErr(err error, d os.DirEntry) error {
	if err != nil {
		return err
	}
	return filepath.SkipDir
}

// diskCalls returns what a file uses that may touch the disk.
func diskCalls(t *testing.T, name string) []string {
	f, err := parser.ParseFile(token.NewFileSet(), filepath.FromSlash(name), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	imported := map[string]bool{}
	for _, i := range f.Imports {
		path, _ := strconv.Unquote(i.Path.Value)
		use := diskPackages[path]
		if use != "" && i.Name != nil {
			use = i.Name.Name
		}
		imported[use] = true
	}
	var out []string
	ast.Inspect(f, func(n ast.Node) bool {
		s, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		id, ok := s.X.(*ast.Ident)
		if !ok {
			return true
		}
		call := id.Name + "." + s.Sel.Name
		if slices.Contains(readingFiles, call) || imported[id.Name] && !slices.Contains(pureFunctions, call) {
			if !slices.Contains(out, call) {
				out = append(out, call)
			}
		}
		return true
	})
	return out
}

// TestUnreadableIgnored: what git ignores is not listed, so it does not matter who may read it.
func TestUnreadableIgnored(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may read everything")
	}
	f := newFixture(t, map[string]string{
		"BUILD.star": "load(\"@sbomctl//:rules.star\", \"join\")\njoin(name = \"a\", srcs = [\"**\"], deps = glob([\"**/*.txt\"]))\n",
		"note.txt":   "note ", "tree/1": "one ", "data/x": "", "tree/data/x": "",
		".gitignore": "data/\n", ".git/HEAD": "", ".git/objects/x": "", ".git/refs/x": "",
	})
	for _, dir := range []string{"data", "tree/data"} {
		path := filepath.Join(f.root, filepath.FromSlash(dir))
		if err := os.Chmod(path, 0); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.Chmod(path, 0o755) })
	}
	f.mustRun([]string{"//:a Join"}, "//...")
	if got := f.read("a.txt"); got != "note one " {
		t.Errorf("got %q", got)
	}
}
