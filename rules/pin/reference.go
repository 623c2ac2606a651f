package pin

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/sbomctl/sbomctl/engine/oci"
)

// Reference is how an image is named: HOST/PATH[:TAG][@DIGEST].
type Reference struct {
	Repository string // as it is written: "alpine", "quay.io/tiran/cpython_autoconf"
	Tag        string // "" when there is none
	Digest     string // likewise
}

// String is the reference as a container runtime takes it.
func (r Reference) String() string {
	s := r.Repository
	if r.Tag != "" {
		s += ":" + r.Tag
	}
	if r.Digest != "" {
		s += "@" + r.Digest
	}
	return s
}

// maxReference bounds a reference, in bytes: a repository has at most 255, a tag 128.
const maxReference = 1024

const (
	hostPattern   = `(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:]+\])(?::[0-9]+)?`
	digestPattern = `[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-fA-F]+`
)

var (
	reference = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^((?:` + hostPattern + `/)?` + oci.PathPattern + `)(?::(` + oci.TagPattern + `))?(?:@(` + digestPattern + `))?$`)
	})
)

// ParseReference reads a reference as a container runtime does, by the grammar of github.com/distribution/reference. Unlike
// go-containerregistry's parser it keeps the tag of one that has a digest, too.
func ParseReference(s string) (Reference, bool) {
	if len(s) > maxReference {
		return Reference{}, false
	}
	m := reference().FindStringSubmatch(s)
	if m == nil {
		return Reference{}, false
	}
	return Reference{m[1], m[2], m[3]}, true
}

// normal is the repository's full name, by which two ways to write it are compared: "alpine" is "docker.io/library/alpine".
func normal(repository string) string {
	host, rest, ok := strings.Cut(repository, "/")
	if !ok || !isHost(host) {
		host, rest = "docker.io", repository
	}
	if host == "index.docker.io" || host == "registry-1.docker.io" {
		host = "docker.io"
	}
	if host == "docker.io" && !strings.Contains(rest, "/") {
		rest = "library/" + rest
	}
	return strings.ToLower(host) + "/" + rest
}

// Names reports whether a reference, of which the end may be cut off, is to a repository, by whichever of its names.
func Names(reference, repository string) bool {
	name, _, _ := strings.Cut(reference, "@")
	r, ok := ParseReference(name)
	return ok && normal(r.Repository) == normal(repository)
}

// isHost tells a registry from the first folder of a repository on Docker Hub, as container runtimes do.
func isHost(s string) bool {
	return strings.ContainsAny(s, ".:[") || s == "localhost" || s != strings.ToLower(s)
}

// full reports whether a text that is read as a reference can hardly be anything else: it has a registry, and a tag or a digest.
func (r Reference) full() bool {
	host, _, ok := strings.Cut(r.Repository, "/")
	return ok && isHost(host) && (r.Tag != "" || r.Digest != "")
}

// nameWord finds the words that the name of an image is made of.
var nameWord = regexp.MustCompile(`[a-z0-9]+`)

// inRole reports whether an image's name, the last segment of its repository, has the word.
func inRole(repository, role string) bool {
	if role == "" {
		return false
	}
	return slices.Contains(nameWord.FindAllString(repository[strings.LastIndexByte(repository, '/')+1:], -1), role)
}

// clip is the beginning of a text, in one line, for a message.
func clip(s string) string {
	more := ""
	if len(s) > 120 {
		s, more = s[:117], "..."
	}
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	return strings.Join(strings.Fields(s), " ") + more
}
