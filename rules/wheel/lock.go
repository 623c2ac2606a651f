package wheel

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"path"
	"sort"
	"strings"
	"unicode"

	"github.com/sbomctl/sbomctl/engine/diag"

	"github.com/sbomctl/sbomctl/rules/ident"
)

// Lock is a lock file: for a wheel and each package that it vendors, the file of the package
// index that the version was published as. It is written by the lock command, committed, and
// read by people:
//
//	{
//	  "version": 2,
//	  "wheel": {
//	    "version": "25.1.1",
//	    "filename": "pip-25.1.1-py3-none-any.whl",
//	    "url": "https://files.pythonhosted.org/packages/.../pip-25.1.1-py3-none-any.whl",
//	    "sha256": "2913a38a..."
//	  },
//	  "packages": {
//	    "distlib": { as "wheel" },
//	    "resolvelib": {
//	      "version": "1.1.0",
//	      "filename": "resolvelib-1.1.0.tar.gz",
//	      "url": null,
//	      "sha256": "b68591ef...",
//	      "license": "ISC",
//	      "license_source": "its LICENSE file",
//	      "homepage": "https://github.com/sarugaku/resolvelib",
//	      "note": "no public record of the URL was found"
//	    }
//	  }
//	}
//
// A url of null means that where the file lies is not known: NOASSERTION in a document. When
// sha256 is null as well, no file is known at all: filename is null then too. license, author and homepage are what the project
// states; license_source is the field of the index that states the licence (license_expression, license, classifier), or what a person
// who looked elsewhere wrote. Format 1 had no license_source, author and homepage; it is read all the same.
type Lock struct {
	Wheel    Entry
	Packages map[string]Entry // by name as in vendor.txt, lower case

	format                           int      // of the file read
	formatPos, wheelPos, packagesPos diag.Pos // in the file read
}

// lockFormat is the format that is written.
const lockFormat = 2

// Entry is one file of the package index. "" stands for null.
type Entry struct {
	Version  string
	Filename string
	URL      string // https, ends in Filename
	SHA256   string // 64 lower-case hexadecimal digits
	Note     string // for people; one line
	Stated

	pos diag.Pos // of its key in the file read
}

// MarshalJSON writes the entry's keys in the order of the format's description.
func (e Entry) MarshalJSON() ([]byte, error) {
	null := func(s string) *string {
		if s == "" {
			return nil
		}
		return &s
	}
	return marshal(struct {
		Version  string  `json:"version"`
		Filename *string `json:"filename"`
		URL      *string `json:"url"`
		SHA256   *string `json:"sha256"`
		License  string  `json:"license,omitempty"`
		Source   string  `json:"license_source,omitempty"`
		Author   string  `json:"author,omitempty"`
		Homepage string  `json:"homepage,omitempty"`
		Note     string  `json:"note,omitempty"`
	}{e.Version, null(e.Filename), null(e.URL), null(e.SHA256), e.License, e.LicenseSource, e.Author, e.Homepage, e.Note})
}

// Format returns the file's bytes: packages sorted by name, two spaces, a newline at the end.
func (l *Lock) Format() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "{\n  \"version\": %d,\n  \"wheel\": ", lockFormat)
	writeEntry(&b, l.Wheel, "  ")
	b.WriteString(",\n  \"packages\": {")
	names := make([]string, 0, len(l.Packages))
	for name := range l.Packages {
		names = append(names, name)
	}
	sort.Strings(names)
	for i, name := range names {
		if i > 0 {
			b.WriteByte(',')
		}
		key, _ := marshal(name) // a string cannot fail
		fmt.Fprintf(&b, "\n    %s: ", key)
		writeEntry(&b, l.Packages[name], "    ")
	}
	if len(names) > 0 {
		b.WriteString("\n  ")
	}
	b.WriteString("}\n}\n")
	return b.Bytes()
}

func writeEntry(b *bytes.Buffer, e Entry, indent string) {
	compact, _ := e.MarshalJSON() // strings cannot fail
	_ = json.Indent(b, compact, indent, "  ")
}

// marshal is json.Marshal that leaves <, > and & as they are.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// problem says what is wrong with the entry by itself, "" when nothing is.
func (e Entry) problem() string {
	switch {
	case !validVersion(e.Version):
		return fmt.Sprintf("version %s is not a version", clip(e.Version))
	case e.Filename != "" && !validFilename(e.Filename):
		return fmt.Sprintf("filename %s is not a plain file name", clip(e.Filename))
	case e.SHA256 != "" && (!sha256RE.MatchString(e.SHA256) || ident.Checksum("SHA256", e.SHA256) != nil):
		return fmt.Sprintf("sha256 %s is not a checksum of 64 lower-case hexadecimal digits", clip(e.SHA256))
	case e.URL != "" && e.SHA256 == "":
		return "url without a sha256, expected both or only the sha256"
	case e.SHA256 != "" && e.Filename == "":
		return "sha256 without a filename, expected the name of the file"
	case e.Filename != "" && e.SHA256 == "":
		return "filename without a sha256, expected both or neither"
	case e.License != "" && (len(e.License) > maxStated || ident.License(e.License) != nil):
		return fmt.Sprintf("license %s is not an SPDX licence expression", clip(e.License))
	case len(ident.LicenseRefs(e.License)) > 0:
		return fmt.Sprintf("license %s is on no list, and a lock has no licence texts", clip(e.License))
	case e.LicenseSource != "" && e.License == "":
		return "license_source without a license"
	case e.Author != "" && (len(e.Author) > maxStated || ident.Agent(e.Author) != nil || e.Author == ident.NoAssertion):
		return fmt.Sprintf("author %s is not of the form \"Person: NAME (EMAIL)\" or \"Organization: NAME\"", clip(e.Author))
	case e.Homepage != "" && !usableURL(e.Homepage):
		return fmt.Sprintf("homepage %s is not an http or https URL", clip(e.Homepage))
	}
	for _, text := range []struct{ key, value string }{{"note", e.Note}, {"license_source", e.LicenseSource}, {"author", e.Author}} {
		if len(text.value) > maxStated || strings.ContainsFunc(text.value, unicode.IsControl) {
			return fmt.Sprintf("%s is not one line of at most %d bytes", text.key, maxStated)
		}
	}
	if e.URL != "" {
		return urlProblem(e.URL, e.Filename)
	}
	return ""
}

// urlProblem says why s is not the https URL of a file of that name.
func urlProblem(s, filename string) string {
	u, err := url.Parse(s)
	switch {
	case err != nil || len(s) > 2048 || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.ContainsAny(s, " \"<>\\^`{|}"):
		return fmt.Sprintf("url %s is not an https URL of a file", clip(s))
	case path.Base(u.Path) != filename:
		return fmt.Sprintf("url %s does not end in the filename %s", clip(s), clip(filename))
	}
	return ""
}
