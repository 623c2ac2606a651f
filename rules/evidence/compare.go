package evidence

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/finding"
	versions "github.com/sbomctl/sbomctl/rules/version"
)

// compare reports where facts of one name, all from one rule, contradict the declaration. Facts that contradict each other
// say nothing of what is right: then the pattern is to blame.
func (c *checker) compare(name string, facts []placedFact, r Rule) {
	attr, declared := c.params.Declared.of(name)
	var wrong []placedFact
	several := false
	for _, f := range facts {
		if !c.params.Declared.Agrees(name, f.value) {
			wrong = append(wrong, f)
		}
		several = several || !same(name, f.value, facts[0].value)
	}
	if len(wrong) == 0 {
		return
	}
	if several && name != license { // a file may state several licences
		c.tooLoose(name, facts, wrong[0].pos, r)
		return
	}
	for _, f := range wrong {
		msg := fmt.Sprintf("%s is %s here, but %s is declared", name, clip(f.value), clip(declared))
		switch {
		case declared == "":
			msg = fmt.Sprintf("%s is %s here, but none is declared", name, clip(f.value))
		case name == tag:
			msg = fmt.Sprintf("tag is %s here, but download_url names no such tag: %s", clip(f.value), clip(declared))
		}
		if len(c.call.Files("wheel")) > 0 {
			c.tell(finding.Finding{Rule: RuleID, Severity: finding.Error, Pos: f.pos, Attr: "evidence", Declared: declared, Found: strings.ToValidUTF8(f.value, "\ufffd"),
				Msg:   fmt.Sprintf("%s is %s here, but the wheel is %s", name, clip(f.value), clip(declared)),
				Hints: []string{"put the wheel that is meant into the tree, or the right " + name + " here; then sbomctl lock " + c.params.Label}})
			continue
		}
		out := finding.Finding{Rule: RuleID, Severity: finding.Error, Pos: f.pos, Attr: attr, Msg: msg, Declared: declared, Found: strings.ToValidUTF8(f.value, "\ufffd"),
			Hints: []string{c.hint(name, attr, f.value)}}
		if fix := c.fix(name, f.value); fix != "" && utf8.ValidString(fix) {
			out.Fix = &finding.Fix{Attr: attr, Value: fix, Old: c.writtenAs(name, declared)}
		}
		c.tell(out)
	}
}

// fix returns what an attribute is to be if the tree is right; "" where a person has to look.
func (c *checker) fix(name, found string) string {
	switch name {
	case tag, license, date:
		return ""
	case urlFact:
		return versions.Fold(found, c.params.Declared.Version)
	}
	return found
}

// writtenAs is the text with placeholders that a URL is declared by; "" when it is written out.
func (c *checker) writtenAs(name, declared string) string {
	if name != urlFact {
		return ""
	}
	for _, text := range c.params.Written {
		filled, err := versions.Fill(text, map[string]string{"version": c.params.Declared.Version}, nil)
		if err == nil && filled == declared && text != declared {
			return text
		}
	}
	return ""
}

func (c *checker) hint(name, attr, found string) string {
	if fix := c.fix(name, found); fix != "" || found == "" {
		return fmt.Sprintf("if the tree is right, set %s = %s in %s", attr, clip(fix), c.params.Label)
	}
	switch name {
	case tag:
		return fmt.Sprintf("if the tree is right, %s of %s is to have the tag %s in it", attr, c.params.Label, clip(found))
	case license:
		return fmt.Sprintf("if the tree is right, add it to %s of %s; license = \"ID\" of regex() says which licence the words of a file mean", attr, c.params.Label)
	}
	return fmt.Sprintf("if the tree is right, set %s = \"%sT00:00:00Z\" in %s", attr, clip(found)[1:len(clip(found))-1], c.params.Label)
}

// settle makes a bump the fix of what contradicts the version where the edit of one attribute would leave the others behind.
func (c *checker) settle(found []finding.Finding) []finding.Finding {
	command := ""
	for _, f := range found {
		if f.Fix != nil && f.Attr == version && (c.beside() || c.params.Checksum && !c.sameSum()) && word.MatchString(f.Fix.Value) {
			command = "sbomctl bump " + c.params.Label + " " + f.Fix.Value
		}
	}
	if command == "" {
		return found
	}
	for i, f := range found {
		if f.Rule == RuleID && slices.Contains(movedTogether, f.Attr) {
			found[i].Fix = &finding.Fix{Command: command}
			found[i].Hints = []string{"if the tree is right, version, URL and checksum of the declaration move together"}
		}
	}
	return found
}

// movedTogether are the attributes that a bump moves.
var movedTogether = []string{version, "download_url", sha512, sha256, sha1, md5}

// beside reports whether the version is written elsewhere in the declaration, too.
func (c *checker) beside() bool {
	return slices.ContainsFunc(c.params.Written, func(text string) bool { return len(versions.Find(text, c.params.Declared.Version)) > 0 })
}

// sameSum reports whether the tree states the checksum that is declared: then it is not the one of another version.
func (c *checker) sameSum() bool {
	stated := false
	for _, f := range c.report.Facts {
		switch f.Fact {
		case sha512, sha256, sha1, md5:
			if !c.params.Declared.Agrees(f.Fact, f.Value) {
				return false
			}
			stated = true
		}
	}
	return stated
}

// word is a version that a shell takes as it is.
var word = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._+-]*$`)

// maxNamed is how many of the places are named that a loose pattern matches.
const maxNamed = 3

// tooLoose reports a pattern whose matches do not agree, at the first that is not what is declared.
func (c *checker) tooLoose(name string, facts []placedFact, pos diag.Pos, r Rule) {
	var places []string
	seen := map[string]bool{}
	for _, f := range facts {
		if !seen[f.value] && len(places) < maxNamed {
			seen[f.value] = true
			places = append(places, fmt.Sprintf("%s at %s", clip(f.value), f.pos))
		}
	}
	c.add(&diag.Error{Pos: pos, Attr: "evidence",
		Msg:   fmt.Sprintf("pattern %s is too loose: it matches %d places that state %s differently, %s", clip(r.Pattern), len(facts), name, strings.Join(places, ", ")),
		Hints: []string{fmt.Sprintf("narrow the pattern until it matches only where the tree states the %s of the package", name)}})
}
