package rules

import (
	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/action/actiontest"
	"github.com/sbomctl/sbomctl/rules/pin"
)

// fixedPin is the fixed input of the operations of container images: a file of each kind, with something to say of each.
func fixedPin(operation string) *actiontest.Call {
	files := map[string][]action.File{"files": {
		hashed("regen.sh", "IMAGE=example.org/autoconf:1\ndocker run \"$IMAGE\"\ndocker run $1\n"),
		hashed("Dockerfile", "ARG V=2\nFROM example.org/autoconf:$V AS base\nFROM base\nCOPY --from=alpine / /\n"),
		hashed(".github/workflows/ci.yml", "jobs:\n  a:\n    container: example.org/autoconf:1@sha256:"+zeros+"\n    steps:\n    - uses: actions/checkout@v4\n    - run: |\n        podman pull example.org/autoconf:1\n"),
		hashed("Makefile", "IMAGE = example.org/other_autoconf:1\nall:\n\tdocker run $(IMAGE)\n"),
		hashed(".devcontainer/devcontainer.json", "{\n  // one\n  \"image\": \"example.org/dev:1\",\n}\n"),
		hashed("NOTES", "see example.org/autoconf:1.\n"),
	}}
	image := pin.Image{Label: "//:autoconf", Repository: "example.org/autoconf", Tag: "1", Digest: "sha256:1" + zeros[1:], Role: "autoconf"}
	if operation == pin.OperationName {
		return &actiontest.Call{Parameters: image, Inputs: files}
	}
	return &actiontest.Call{Inputs: files, Parameters: pin.Group{Label: "//:images", Images: []pin.GroupImage{
		{Label: image.Label, Repository: image.Repository, Tag: image.Tag, Role: image.Role},
		{Label: "//:dev", Repository: "example.org/dev", Tag: "1", Digest: image.Digest},
	}}}
}

const zeros = "0000000000000000000000000000000000000000000000000000000000000000"
