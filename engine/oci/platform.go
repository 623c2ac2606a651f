package oci

import (
	"fmt"
	"regexp"
	"runtime"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// platformPart is what an operating system, an architecture and a variant are written with.
var platformPart = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)

// ParsePlatform reads "linux/amd64" or "linux/arm64/v8", in the words of GOOS and GOARCH.
func ParsePlatform(s string) (v1.Platform, error) {
	parts := strings.Split(s, "/")
	bad := len(parts) < 2 || len(parts) > 3
	for _, part := range parts {
		bad = bad || !platformPart.MatchString(part)
	}
	if bad {
		return v1.Platform{}, fmt.Errorf("%q is no platform, expected one such as \"linux/amd64\" or \"linux/arm64/v8\"", s)
	}
	p := v1.Platform{OS: parts[0], Architecture: parts[1]}
	if len(parts) == 3 {
		p.Variant = parts[2]
	}
	return p, nil
}

// HostPlatform is that of containers on this machine.
func HostPlatform() v1.Platform { return v1.Platform{OS: "linux", Architecture: runtime.GOARCH} }

// Matches reports whether an image made for has runs where want is asked for: operating system and architecture are the same, and the
// variant, where want states one. An architecture without a variant is the usual one, so that arm64 and arm64/v8 are the same.
func Matches(has, want v1.Platform) bool {
	return has.OS == want.OS && has.Architecture == want.Architecture &&
		(want.Variant == "" || variant(has) == want.Variant) &&
		(want.OSVersion == "" || has.OSVersion == want.OSVersion)
}

func variant(p v1.Platform) string {
	switch {
	case p.Variant != "":
		return p.Variant
	case p.Architecture == "arm64":
		return "v8"
	case p.Architecture == "arm":
		return "v7"
	case p.Architecture == "amd64":
		return "v1"
	}
	return ""
}

// Choose returns the manifest of an index for a platform: of several, the one with the usual variant, then the first, as the
// specification has it. The error is a sentence without a subject, about the index.
func Choose(index *v1.IndexManifest, want v1.Platform) (v1.Descriptor, error) {
	var found *v1.Descriptor
	var has []string
	for i := range index.Manifests {
		d := &index.Manifests[i]
		if d.Platform == nil || IsAttestation(*d) {
			continue
		}
		has = append(has, d.Platform.String())
		if !Matches(*d.Platform, want) {
			continue
		}
		usual := v1.Platform{OS: want.OS, Architecture: want.Architecture}
		if found == nil || want.Variant == "" && variant(*found.Platform) != variant(usual) && variant(*d.Platform) == variant(usual) {
			found = d
		}
	}
	if found != nil {
		return *found, nil
	}
	if has == nil {
		return v1.Descriptor{}, fmt.Errorf("has no image for %s, and none that names its platform", want)
	}
	const many = 20
	if len(has) > many {
		has = append(has[:many], "...")
	}
	return v1.Descriptor{}, fmt.Errorf("has no image for %s, only for %s", want, strings.Join(has, ", "))
}

// IsAttestation reports whether a manifest of an index is no image but what BuildKit attaches to one: its platform is unknown/unknown.
func IsAttestation(d v1.Descriptor) bool {
	return d.Annotations["vnd.docker.reference.type"] == "attestation-manifest" ||
		d.Platform != nil && d.Platform.OS == "unknown" && d.Platform.Architecture == "unknown"
}
