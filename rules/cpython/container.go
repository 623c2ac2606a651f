package cpython

import (
	"bytes"
	"regexp"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// containerPath is the script that regenerates configure in a container.
const containerPath = "Tools/build/regen-configure.sh"

// image is a container image that a script runs.
type image struct {
	repository, tag, digest string // digest is "" when the image is not pinned
	pos                     diag.Pos
}

// imageReference is a reference with a registry: HOST/PATH[:TAG][@sha256:DIGEST].
var imageReference = regexp.MustCompile(`(?:^|[\s"'=])((?:[a-z0-9-]+\.)+[a-z]{2,}(?::[0-9]+)?(?:/[a-z0-9._-]+)+)(?::([0-9A-Za-z_][0-9A-Za-z_.-]*))?(?:@(sha256:[0-9a-f]{64}))?(?:$|[\s"'])`)

// readImages returns the images that a shell script names outside of its comments, each once.
func readImages(path string, src []byte) ([]image, error) {
	if err := diag.CheckText(path, src); err != nil {
		return nil, err
	}
	var out []image
	seen := map[string]bool{}
	at := 0
	for line := range bytes.Lines(src) {
		start := at
		at += len(line)
		if bytes.HasPrefix(bytes.TrimSpace(line), []byte("#")) {
			continue
		}
		for _, m := range imageReference.FindAllSubmatchIndex(line, 4) {
			group := func(n int) string {
				if m[2*n] < 0 {
					return ""
				}
				return string(line[m[2*n]:m[2*n+1]])
			}
			i := image{group(1), group(2), group(3), diag.At(path, src, start+m[2])}
			if (i.tag == "" && i.digest == "") || seen[i.String()] || len(out) == 16 {
				continue
			}
			seen[i.String()] = true
			out = append(out, i)
		}
	}
	return out, nil
}

// String is the reference as a container runtime takes it.
func (i image) String() string {
	s := i.repository
	if i.tag != "" {
		s += ":" + i.tag
	}
	if i.digest != "" {
		s += "@" + i.digest
	}
	return s
}
