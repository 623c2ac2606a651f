package action

import "github.com/sbomctl/sbomctl/cache/reapi"

// What a command asks of the platform that it runs on. The first ones are those that executors of the Remote Execution API know; an executor
// that does not know one of the others refuses the command, or ignores it, so those are there only when they matter.
const (
	PropertyImage   = "container-image" // "docker://REPOSITORY@DIGEST"
	PropertyOS      = "OSFamily"        // "linux"
	PropertyArch    = "Arch"            // "amd64"
	PropertyVariant = "Variant"         // "v8", of an architecture that has some
	PropertyNetwork = "dockerNetwork"   // "off" or "standard"
	PropertyMount   = "sbomctl-mount"   // absolute path of the input root in the container; none is DefaultMount
	PropertyListing = "sbomctl-listing" // output that the runner writes: what else the command left behind
	PropertyPerturb = "sbomctl-perturb" // "1": the runner changes what a result must not depend on
)

// DefaultMount is where a command finds its input root, as far as that matters to it: an executor of the API puts it where it likes.
const DefaultMount = "/src"

// ImageScheme begins the value of PropertyImage.
const ImageScheme = "docker://"

// CommandAside is the Aside of a command: where its image may be found.
type CommandAside struct {
	Layout   string `json:"oci_layout,omitempty"` // folder of the workspace
	Insecure bool   `json:"insecure,omitempty"`   // plain http is allowed
}

// Property returns the platform's property of that name, "" for none.
func (s *Spec) Property(name string) string {
	for _, p := range s.Platform {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}

// BaseEnvironment is what a command's environment has unless it is declared otherwise, sorted by name: what programs ask for, with values that
// no machine and no clock changes.
var BaseEnvironment = []reapi.Property{
	{Name: "HOME", Value: "/tmp"},
	{Name: "LANG", Value: "C.UTF-8"},
	{Name: "SOURCE_DATE_EPOCH", Value: "315532800"},
	{Name: "TZ", Value: "UTC"},
}

// SourceDate is when the files of a command's input root were modified, in seconds since 1970, as SOURCE_DATE_EPOCH says: the first
// day of 1980, before which a zip archive has no dates.
const SourceDate = 315532800
