package container

import (
	"encoding/json"
	"fmt"
	"path"
	"runtime"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
)

// Image says which image a command runs in, and where it may be found.
type Image struct {
	Repository string // registry and repository
	Digest     v1.Hash
	Platform   v1.Platform
	Layout     string // folder of the workspace, slash-separated; "" for none
	Insecure   bool   // plain http is allowed
}

// String names the image as tools take it.
func (i Image) String() string { return i.Repository + "@" + i.Digest.String() }

// job is a command as a Runner sees it.
type job struct {
	spec    *action.Spec
	image   Image
	mount   string // absolute path of the tree in the container
	network bool
	listing string // output that says what is left; "" for none
	perturb bool
	timeout time.Duration
}

// defaultTimeout ends a command that names no time of its own.
const defaultTimeout = 10 * time.Minute

// newJob reads what a Spec asks for. What it asks for besides is an error: a result of something else would be kept under its key.
func newJob(s *action.Spec) (*job, error) {
	j := &job{spec: s, timeout: s.Timeout, mount: action.DefaultMount}
	if j.timeout == 0 {
		j.timeout = defaultTimeout
	}
	bad := func(name, value string) error {
		return fmt.Errorf("%s asks for a platform with %s = %q, which is not known here", s, name, value)
	}
	for _, p := range s.Platform {
		switch p.Name {
		case action.PropertyImage:
			rest, ok := strings.CutPrefix(p.Value, action.ImageScheme)
			repository, digest, pinned := strings.Cut(rest, "@")
			var err error
			if j.image.Digest, err = v1.NewHash(digest); !ok || !pinned || repository == "" || err != nil {
				return nil, bad(p.Name, p.Value)
			}
			j.image.Repository = repository
		case action.PropertyOS:
			j.image.Platform.OS = p.Value
		case action.PropertyArch:
			j.image.Platform.Architecture = p.Value
		case action.PropertyVariant:
			j.image.Platform.Variant = p.Value
		case action.PropertyNetwork:
			if p.Value != "off" && p.Value != "standard" {
				return nil, bad(p.Name, p.Value)
			}
			j.network = p.Value == "standard"
		case action.PropertyMount:
			if j.mount = p.Value; !path.IsAbs(p.Value) || path.Clean(p.Value) != p.Value || p.Value == "/" {
				return nil, bad(p.Name, p.Value)
			}
		case action.PropertyListing:
			j.listing = p.Value
		case action.PropertyPerturb:
			if j.perturb = p.Value == "1"; !j.perturb {
				return nil, bad(p.Name, p.Value)
			}
		default:
			return nil, bad(p.Name, p.Value)
		}
	}
	if j.image.Repository == "" || j.image.Platform.OS == "" || j.image.Platform.Architecture == "" {
		return nil, fmt.Errorf("%s does not say in which image and where it is run", s)
	}
	if len(s.Aside) > 0 {
		var aside action.CommandAside
		if err := json.Unmarshal(s.Aside, &aside); err != nil {
			return nil, err
		}
		j.image.Layout, j.image.Insecure = aside.Layout, aside.Insecure
	}
	return j, nil
}

// runsHere says why this machine cannot run what is made for the image's platform.
func (j *job) runsHere() error {
	p := j.image.Platform
	if p.OS == "linux" && p.Architecture == runtime.GOARCH {
		return nil
	}
	return &diag.Error{
		Msg:   fmt.Sprintf("%s is for %s, and this machine is %s: there is no emulation", j.spec, p, runtime.GOARCH),
		Attr:  "platform",
		Hints: []string{fmt.Sprintf("run it on a machine with %s, or declare platform = %q, for which the result is another one", p, "linux/"+runtime.GOARCH)},
	}
}

// dir is where in the container the command is run.
func (j *job) dir() string { return path.Join(j.mount, j.spec.Dir) }
