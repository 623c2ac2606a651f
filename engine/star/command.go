package star

import (
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"go.starlark.net/starlark"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// OpCommand stands where an action names its operation, and says that it is none but a command in a container. Its parameters are a Command.
const OpCommand = "engine.command"

// Command is what ctx.actions.run_container runs.
type Command struct {
	Repository string            `json:"repository"` // registry and repository of the image
	Digest     string            `json:"digest"`     // of the image
	Args       []string          `json:"command"`
	Env        map[string]string `json:"env"`
	Platform   string            `json:"platform"` // "linux/amd64", "linux/arm64/v8"
	Mount      string            `json:"mount"`    // absolute path at which the command finds its tree
	Dir        string            `json:"dir"`      // folder of the tree in which it is run; "" is the tree's root
	Timeout    int               `json:"timeout"`  // seconds; 0 is the runner's own
	Network    bool              `json:"network"`
	Listing    string            `json:"listing"`   // output that says what else the command left behind; "" for none
	Perturbed  bool              `json:"perturbed"` // it is run under another clock, locale, user and so on

	// Where the image may be found, which is no part of what the result is.
	Layout   string `json:"oci_layout"` // folder of the workspace
	Insecure bool   `json:"insecure"`   // plain http is allowed
}

// Image names the image as tools take it: repository and digest.
func (c *Command) Image() string { return c.Repository + "@" + c.Digest }

// What the parts of a command may look like. An image's repository and digest are checked where it is declared; here only that they
// cannot be taken for something else.
var (
	imageRepository = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._:/-]*$`)
	imageDigest     = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
	imagePlatform   = regexp.MustCompile(`^linux/[a-z0-9]+(/[a-z0-9]+)?$`)
	variableName    = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

const (
	defaultMount = "/src"
	maxTimeout   = 24 * 60 * 60
)

// reservedMounts are folders that a command has anyway, and a tree in their place would take away.
var reservedMounts = []string{"/", "/bin", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/proc", "/run", "/sbin", "/sys", "/tmp", "/usr", "/var"}

// runContainer is run_container(image, command, outputs, inputs = [], env = {}, platform, ...): an action that runs a command in a
// container over a tree of files.
func (an *analysis) runContainer(t *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	const fn = "run_container"
	var image, inputs, listing starlark.Value
	var command *starlark.List
	var outputs, env *starlark.Dict
	c := Command{Mount: defaultMount, Env: map[string]string{}}
	a := &actionInProgress{operation: OpCommand}
	if err := starlark.UnpackArgs(fn, args, kwargs, "image", &image, "command", &command, "outputs", &outputs, "platform", &c.Platform,
		"inputs?", &inputs, "env?", &env, "timeout?", &c.Timeout, "network?", &c.Network, "mount?", &c.Mount, "workdir?", &c.Dir,
		"listing?", &listing, "perturbed?", &c.Perturbed, "mnemonic?", &a.mnemonic); err != nil {
		return nil, err
	}
	if err := c.setImage(image); err != nil {
		return nil, prefix(fn+": ", err)
	}
	if err := c.setCommand(command, env); err != nil {
		return nil, prefix(fn+": ", err)
	}
	if err := c.check(); err != nil {
		return nil, prefix(fn+": ", err)
	}
	if outputs.Len() == 0 {
		return nil, faultf("%s: the command has no output", fn)
	}
	for k := range outputs.Entries() {
		name, ok := starlark.AsString(k)
		if !ok {
			return nil, faultf("%s: outputs must be a dict from paths to what declare_output returned", fn)
		}
		if err := CheckPath(name); err != nil {
			return nil, prefix(fn+": outputs: ", err)
		}
	}
	if listing != nil && listing != starlark.None {
		c.Listing = listingOutput
		if _, taken, _ := outputs.Get(starlark.String(c.Listing)); taken {
			return nil, faultf("%s: %q is the name of the listing", fn, c.Listing)
		}
		with := starlark.NewDict(outputs.Len() + 1)
		for k, v := range outputs.Entries() {
			_ = with.SetKey(k, v) // a new dict, and a key of another: cannot fail
		}
		_ = with.SetKey(starlark.String(c.Listing), listing)
		outputs = with
	}
	if a.mnemonic == "" {
		a.mnemonic = path.Base(c.Args[0])
	}
	var err error
	if a.inputs, err = an.commandInputs(inputs); err != nil {
		return nil, prefix(fn+": ", err)
	}
	params, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	a.params = string(params)
	return starlark.None, an.append(fn, a, outputs)
}

// listingOutput is what the listing is called among a command's outputs.
const listingOutput = ".sbomctl-listing.json"

// setImage takes the image, which is whatever has these fields: a ContainerInfo, a struct.
func (c *Command) setImage(v starlark.Value) error {
	fields, ok := v.(hasFields)
	if !ok || !slices.Contains(fields.AttrNames(), "repository") {
		return faultf("image must have the fields repository and digest, as ContainerInfo has; got %s", article(v.Type()))
	}
	text := func(name string, to *string) error {
		x, _ := fields.Attr(name)
		if x == nil || x == starlark.None {
			return nil
		}
		s, ok := starlark.AsString(x)
		if !ok {
			return faultf("image: %s must be a string, not %s", name, article(x.Type()))
		}
		*to = s
		return nil
	}
	for name, to := range map[string]*string{"repository": &c.Repository, "digest": &c.Digest, "oci_layout": &c.Layout} {
		if err := text(name, to); err != nil {
			return err
		}
	}
	if x, _ := fields.Attr("insecure"); x != nil {
		c.Insecure = bool(x.Truth())
	}
	if !imageRepository.MatchString(c.Repository) {
		return faultf("image: %q is not a repository, such as %q", c.Repository, "quay.io/tiran/cpython_autoconf")
	}
	switch {
	case c.Digest == "":
		return &fault{msg: fmt.Sprintf("image %s is not pinned by digest, and what a tag points at may be another image tomorrow", c.Repository),
			hints: []string{"sbomctl pin resolves its tag and writes the digest"}}
	case !imageDigest.MatchString(c.Digest):
		return faultf("image: %q is not a digest: \"sha256:\" and 64 lower-case hexadecimal digits", c.Digest)
	case c.Layout != "" && c.Layout != ".":
		return CheckPath(c.Layout)
	}
	return nil
}

func (c *Command) setCommand(command *starlark.List, env *starlark.Dict) error {
	for i := range command.Len() {
		s, ok := starlark.AsString(command.Index(i))
		if !ok || !argument(s) {
			return faultf("command: element %d must be a string of UTF-8 without NUL, got %s", i, command.Index(i))
		}
		c.Args = append(c.Args, s)
	}
	if len(c.Args) == 0 || c.Args[0] == "" {
		return faultf("command names no program")
	}
	if env == nil {
		return nil
	}
	for k, v := range env.Entries() {
		name, ok1 := starlark.AsString(k)
		value, ok2 := starlark.AsString(v)
		switch {
		case !ok1 || !ok2:
			return faultf("env must be a dict from strings to strings")
		case !variableName.MatchString(name):
			return prefix("env: ", CheckVariable(name))
		case !argument(value):
			return faultf("env: the value of %s must be UTF-8 without NUL", name)
		}
		c.Env[name] = value
	}
	return nil
}

// argument reports whether s can be handed to a program, and kept.
func argument(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

// check refuses what cannot be run.
func (c *Command) check() error {
	if !imagePlatform.MatchString(c.Platform) {
		return faultf("platform: %q is not a platform, such as %q", c.Platform, "linux/amd64")
	}
	if c.Timeout < 0 || c.Timeout > maxTimeout {
		return faultf("timeout: %d is not a number of seconds between 0 and %d", c.Timeout, maxTimeout)
	}
	if err := CheckMount(c.Mount); err != nil {
		return prefix("mount: ", err)
	}
	if c.Dir == "." {
		c.Dir = ""
	}
	if c.Dir != "" {
		return prefixed("workdir: ", CheckPath(c.Dir))
	}
	return nil
}

// CheckMount says what keeps a command's tree from lying at a path of its container.
func CheckMount(p string) error {
	if !path.IsAbs(p) || path.Clean(p) != p || strings.ContainsAny(p, "\x00\\") || slices.Contains(reservedMounts, p) ||
		strings.HasPrefix(p, "/proc/") || strings.HasPrefix(p, "/dev/") || strings.HasPrefix(p, "/sys/") {
		return &diag.Error{Msg: fmt.Sprintf("%q is not a folder of its own in the container, such as %q", p, defaultMount)}
	}
	return nil
}

// CheckVariable says what keeps s from being the name of an environment variable.
func CheckVariable(s string) error {
	if !variableName.MatchString(s) {
		return &diag.Error{Msg: fmt.Sprintf("%q is not the name of a variable", s)}
	}
	return nil
}

func prefixed(what string, err error) error {
	if err == nil {
		return nil
	}
	return prefix(what, err)
}

// commandInputs are the inputs of a command: a list of what lies in its tree, or a dict from paths in the tree to what lies there. The
// name of an input is where its files are put: "" and "folder/" below, with their own paths; "file" as that.
func (an *analysis) commandInputs(v starlark.Value) ([]inputInProgress, error) {
	switch v := v.(type) {
	case nil, starlark.NoneType:
		return nil, nil
	case *starlark.Dict:
		var out []inputInProgress
		seen := map[string]bool{}
		for k, x := range v.Entries() {
			name, ok := starlark.AsString(k)
			if !ok {
				return nil, faultf("inputs must be a list, or a dict from paths to files")
			}
			if name == "." || name == "./" {
				name = ""
			}
			if name != "" {
				if err := CheckPath(strings.TrimSuffix(name, "/")); err != nil {
					return nil, prefix("inputs: ", err)
				}
			}
			if seen[name] {
				return nil, faultf("inputs: the tree's root is given twice")
			}
			seen[name] = true
			refs, err := an.refs(x, 0)
			if err != nil {
				return nil, prefix(fmt.Sprintf("inputs: %q: ", name), err)
			}
			out = append(out, inputInProgress{name, refs})
		}
		return out, nil
	}
	refs, err := an.refs(v, 0)
	if err != nil {
		return nil, prefix("inputs: ", err)
	}
	return []inputInProgress{{"", refs}}, nil
}
