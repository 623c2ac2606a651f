package spdx

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// Kind is what an artifact is for.
type Kind string

// The kinds of artifact that a release consists of.
const (
	SourceKind  Kind = "source"
	WindowsKind Kind = "windows"
	MacOSKind   Kind = "macos"
)

// Artifact is what the file name of a release artifact says.
type Artifact struct {
	Name         string // "python-3.14.0b1t-embed-amd64.zip"
	Kind         Kind
	Version      string // "3.14.0b1"
	BaseVersion  string // "3.14.0": the version without its pre-release part
	FreeThreaded bool   // "t" follows the version
	Embedded     bool   // the embeddable distribution, which has no pip
	Arch         string // "amd64", "arm64", "win32"; "" for an .exe that names none (which is win32) and elsewhere
}

const versionPattern = `((\d+\.\d+(?:\.\d+)*)(?:(?:a|b|rc)\d+)?)`

type artifactPattern struct {
	kind Kind
	re   *regexp.Regexp // groups: version, base version, then t, variant, architecture where there are any
}

// artifactPatterns are compiled when they are first used, so that a build that runs nothing pays nothing.
var artifactPatterns = sync.OnceValue(func() []artifactPattern {
	return []artifactPattern{
		{SourceKind, regexp.MustCompile(`^Python-` + versionPattern + `()()()\.(?:tgz|tar\.xz)$`)},
		{WindowsKind, regexp.MustCompile(`^python-` + versionPattern + `(t?)()(?:-(amd64|arm64|win32))?\.exe$`)},
		{WindowsKind, regexp.MustCompile(`^python-` + versionPattern + `(t?)(-embed|-test)?-(amd64|arm64|win32)\.zip$`)},
		{MacOSKind, regexp.MustCompile(`^python-` + versionPattern + `(t?)()()-macos(?:x10\.)?\d+\.pkg$`)},
	}
})

// artifactShapes are the known names, for the message about an unknown one.
var artifactShapes = []string{
	"source: Python-<version>.tgz, Python-<version>.tar.xz",
	"windows: python-<version>[t][-amd64|-arm64|-win32].exe, python-<version>[t][-embed|-test]-<amd64|arm64|win32>.zip",
	"macos: python-<version>-macos<N>.pkg",
}

// ParseArtifact reads the file name of a release artifact. A name of no known shape (a docs
// archive, a signature) is an error: upstream takes such a file for a Windows installer.
func ParseArtifact(name string) (Artifact, error) {
	for _, p := range artifactPatterns() {
		if m := p.re.FindStringSubmatch(name); m != nil {
			return Artifact{Name: name, Kind: p.kind, Version: m[1], BaseVersion: m[2],
				FreeThreaded: m[3] == "t", Embedded: m[4] == "-embed", Arch: m[5]}, nil
		}
	}
	return Artifact{}, &diag.Error{Attr: "artifact", Msg: fmt.Sprintf("artifact %q is of no known kind", name), Hints: artifactShapes}
}

// artifactOf parses name and checks that it is of one of the kinds.
func artifactOf(name string, kinds ...Kind) (Artifact, error) {
	a, err := ParseArtifact(name)
	if err != nil {
		return a, err
	}
	words := make([]string, len(kinds))
	for i, k := range kinds {
		if a.Kind == k {
			return a, nil
		}
		words[i] = string(k)
	}
	return a, &diag.Error{Attr: "artifact", Msg: fmt.Sprintf("artifact %q is of kind %s, expected %s", name, a.Kind, strings.Join(words, " or ")),
		Hints: []string{fmt.Sprintf("declare it with %s_sbom", a.Kind)}}
}

// CheckVersion reports whether the tree whose Include/patchlevel.h is given (path is where it
// lies, for the message) is of the version that the artifact's name states.
func CheckVersion(a Artifact, path string, patchlevel []byte) error {
	version, line, err := treeVersion(path, patchlevel)
	if err != nil || version == a.Version {
		return err
	}
	e := &diag.Error{Pos: diag.Pos{File: path, Line: line},
		Msg: fmt.Sprintf("the tree is version %q, but artifact %q is of version %q", version, a.Name, a.Version)}
	if strings.HasSuffix(version, "+") {
		e.Hints = []string{`"+" marks a tree between releases; check out the release's tag`}
	}
	return e
}

// treeVersion returns the version that the tree states, and in which line.
func treeVersion(path string, patchlevel []byte) (version string, line int, err error) {
	if err := diag.CheckText(path, patchlevel); err != nil {
		return "", 0, err
	}
	for text := range bytes.Lines(patchlevel) {
		line++
		fields := strings.Fields(string(text))
		if len(fields) < 3 || fields[0] != "#define" || fields[1] != "PY_VERSION" {
			continue
		}
		version, err := strconv.Unquote(fields[2])
		if err != nil {
			return "", line, &diag.Error{Pos: diag.Pos{File: path, Line: line}, Msg: "PY_VERSION is not a quoted string"}
		}
		return version, line, nil
	}
	return "", 0, &diag.Error{Pos: diag.File(path), Msg: "no \"#define PY_VERSION\" in it, so the tree's version is unknown"}
}
