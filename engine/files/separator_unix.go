//go:build unix

package files

// nativeSeparator is what separates the segments of a link's target.
const nativeSeparator = "/"

func hasDrive(string) bool { return false }
