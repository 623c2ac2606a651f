package spdx

import (
	"encoding/json"
	"strings"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/rules/vendor"
)

// maxReport bounds what vendor.compare says of a package that is read, in bytes.
const maxReport = 64 << 20

// fileComments are the comments of files, by path: how each compares with upstream's, where a package says so.
func fileComments(call action.Call) (map[string]string, error) {
	comments := map[string]string{}
	for _, f := range call.Files("vendored") {
		b, err := call.Read(f, maxReport)
		if err != nil {
			return nil, err
		}
		var results []vendor.FileResult
		if err := json.Unmarshal(b, &results); err != nil {
			return nil, err
		}
		for _, r := range results {
			comments[r.Path] = fileComment(r)
		}
	}
	return comments, nil
}

// fileComment begins with one of three words, so that a program can read it too: pristine, modified, unknown.
func fileComment(r vendor.FileResult) string {
	switch by := strings.Join(r.Patches, ", "); {
	case r.Verdict == vendor.Identical:
		return "pristine: identical to upstream's " + r.Upstream
	case r.Verdict == vendor.Patched && r.Upstream != "":
		return "modified: upstream's " + r.Upstream + " with " + by
	case r.Verdict == vendor.Patched:
		return "modified: has " + by + "; not compared with upstream's release"
	case r.Verdict == vendor.Local:
		return "modified: the project's own"
	case r.Verdict == vendor.Unverified:
		return "unknown: not compared with upstream's release"
	}
	return "modified: differs from upstream's release, and nothing explains it"
}
