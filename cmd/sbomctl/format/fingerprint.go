package format

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strconv"
)

// fingerprintVersion is the version of what fingerprints are made of: it is part of their name, so that a reader compares none of
// different versions.
const fingerprintVersion = "sbomctl/v1"

// fingerprints returns what each finding is recognised by in a later report: its rule, target, file and attribute, and what is declared
// and was found, but no line, so that it is the same one when its file was edited above it. Where neither value is known, its
// message stands for them, without the positions in it. Equal ones are numbered in the order of the report.
func fingerprints(findings []Finding) []string {
	out := make([]string, len(findings))
	seen := map[[sha256.Size]byte]int{}
	for i, f := range findings {
		msg := ""
		if f.Declared == "" && f.Finding.Found == "" {
			msg = positions.ReplaceAllString(f.Msg, "")
		}
		h := sha256.New()
		for _, s := range []string{f.Rule, f.Label, f.InTree(), f.Attr, f.Declared, f.Finding.Found, msg} {
			h.Write([]byte(strconv.Itoa(len(s)) + ":" + s))
		}
		sum := [sha256.Size]byte(h.Sum(nil))
		out[i] = hex.EncodeToString(sum[:16]) + ":" + strconv.Itoa(seen[sum])
		seen[sum]++
	}
	return out
}

// positions are ":line" and ":line:column" behind a name.
var positions = regexp.MustCompile(`:[0-9]+(:[0-9]+)?\b`)
