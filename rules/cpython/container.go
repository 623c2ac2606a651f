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
var imageReference = regexp.MustCompile(`^((?:[a-z0-9-]+\.)+[a-z]{2,}(?::[0-9]+)?(?:/[a-z0-9._-]+)+)(?::([0-9A-Za-z_][0-9A-Za-z_.-]*))?(?:@(sha256:[0-9a-f]{64}))?$`)

// shellWord is a word of a shell script, without its quotes, or the value of an assignment.
var shellWord = regexp.MustCompile(`[^\s"'=]+`)

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
		for _, word := range shellWord.FindAllIndex(line, -1) {
			m := imageReference.FindStringSubmatch(string(line[word[0]:word[1]]))
			if m == nil || m[2] == "" && m[3] == "" {
				continue
			}
			i := image{m[1], m[2], m[3], diag.At(path, src, start+word[0])}
			if !seen[i.String()] && len(out) < 16 {
				seen[i.String()] = true
				out = append(out, i)
			}
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
