package oci

// What the distribution specification allows as the path of a repository and as a tag: regular expressions, without anchors and groups.
const (
	PathPattern = segment + `(?:/` + segment + `)*`
	TagPattern  = `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`

	segment = `[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*`
)
