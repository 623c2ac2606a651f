package spdx

// Artifact is what the file name of a release artifact says, by the product's Naming.
type Artifact struct {
	Name        string // "python-3.14.0b1t-embed-amd64.zip"
	Version     string // "3.14.0b1"
	BaseVersion string // "3.14.0": the version without its pre-release part

	// Groups are what the groups of the pattern matched, "" where one took no part in the match; version and base_version are
	// among them.
	Groups map[string]string
}
