package spdx

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/spdx/tools-golang/spdx/v2/common"
	"github.com/spdx/tools-golang/spdx/v2/v2_3"
)

// The reference: documents as plain maps, normalised and written in the plainest way.

// refNormalize sorts every list by its items' compact JSON, innermost first.
func refNormalize(v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, x := range v {
			refNormalize(x)
		}
	case []any:
		for _, x := range v {
			refNormalize(x)
		}
		sort.SliceStable(v, func(i, k int) bool { return refText(v[i]) < refText(v[k]) })
	}
}

// refText is json.dumps(v, sort_keys=True).
func refText(v any) string {
	switch v := v.(type) {
	case map[string]any:
		var parts []string
		for _, k := range refKeys(v) {
			parts = append(parts, refString(k)+": "+refText(v[k]))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case []any:
		var parts []string
		for _, x := range v {
			parts = append(parts, refText(x))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case string:
		return refString(v)
	}
	return fmt.Sprint(v)
}

// refString takes encoding/json's text and escapes what is left outside printable ASCII.
func refString(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic(err)
	}
	var out strings.Builder
	for _, r := range strings.TrimSuffix(b.String(), "\n") {
		switch {
		case r >= ' ' && r < 0x7f:
			out.WriteRune(r)
		case r > 0xffff:
			hi, lo := utf16.EncodeRune(r)
			fmt.Fprintf(&out, `\u%04x\u%04x`, hi, lo)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	return out.String()
}

func refKeys(m map[string]any) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// refDump is json.dumps(v, indent=2, sort_keys=True).
func refDump(v any, indent string) string {
	var parts []string
	deeper := indent + "  "
	open, shut := "[", "]"
	switch v := v.(type) {
	case map[string]any:
		open, shut = "{", "}"
		for _, k := range refKeys(v) {
			parts = append(parts, refString(k)+": "+refDump(v[k], deeper))
		}
	case []any:
		for _, x := range v {
			parts = append(parts, refDump(x, deeper))
		}
	default:
		return refText(v)
	}
	if parts == nil {
		return open + shut
	}
	return open + "\n" + deeper + strings.Join(parts, ",\n"+deeper) + "\n" + indent + shut
}

func refStrings(in []string) []any {
	out := []any{}
	for _, s := range in {
		out = append(out, s)
	}
	return out
}

// refDocument is d as plain maps.
func refDocument(d *Document) map[string]any {
	m := map[string]any{"SPDXID": "SPDXRef-DOCUMENT", "spdxVersion": "SPDX-2.3"}
	set := func(m map[string]any, key, value string) {
		if value != "" {
			m[key] = value
		}
	}
	set(m, "comment", d.Comment)
	if c := d.Creation; c != nil {
		m["name"], m["documentNamespace"], m["dataLicense"] = c.Name, c.Namespace, "CC0-1.0"
		info := map[string]any{"created": c.Created, "creators": refStrings(c.Creators)}
		set(info, "licenseListVersion", c.LicenseListVersion)
		m["creationInfo"] = info
	}
	packages, files, relationships := []any{}, []any{}, []any{}
	for _, p := range d.Packages {
		q := map[string]any{"SPDXID": p.ID, "name": p.Name, "licenseConcluded": p.License, "downloadLocation": p.DownloadURL}
		for key, value := range map[string]string{"versionInfo": p.Version, "originator": p.Originator, "supplier": p.Supplier,
			"packageFileName": p.FileName, "primaryPackagePurpose": p.Purpose, "comment": p.Comment} {
			set(q, key, value)
		}
		if p.FilesAnalyzed {
			q["filesAnalyzed"] = true
		}
		if p.VerificationCode != "" {
			q["packageVerificationCode"] = map[string]any{"packageVerificationCodeValue": p.VerificationCode}
		}
		var sums, refs []any
		for _, c := range p.Checksums {
			sums = append(sums, map[string]any{"algorithm": string(c.Algorithm), "checksumValue": c.Value})
		}
		for _, r := range p.Refs {
			refs = append(refs, map[string]any{"referenceCategory": r.Category, "referenceLocator": r.Locator, "referenceType": r.RefType})
		}
		if sums != nil {
			q["checksums"] = sums
		}
		if refs != nil {
			q["externalRefs"] = refs
		}
		packages = append(packages, q)
	}
	for _, f := range d.Files {
		files = append(files, map[string]any{"SPDXID": f.ID, "fileName": f.Path, "checksums": []any{
			map[string]any{"algorithm": "SHA1", "checksumValue": fmt.Sprintf("%x", f.SHA1)},
			map[string]any{"algorithm": "SHA256", "checksumValue": fmt.Sprintf("%x", f.SHA256)},
		}})
	}
	for _, r := range d.Relationships {
		relationships = append(relationships, map[string]any{"spdxElementId": r.Element, "relationshipType": r.Type, "relatedSpdxElement": r.Related})
	}
	m["packages"] = packages
	if !d.PackagesOnly {
		m["files"], m["relationships"] = files, relationships
	}
	return m
}

// FuzzDocument holds the streaming writer and Normalize against the reference, on documents whose
// strings come from the fuzzer: fields are separated by U+0001.
func FuzzDocument(f *testing.F) {
	f.Add("expat\x012.6.3\x01MIT\x01a\"b\\c\n\x01\u00e9\x01\U0001F600\x01\x7f\x01 !\x01x\x01x-1", true, uint8(3))
	f.Add("", false, uint8(0))
	f.Add("b\x01a\x01A\x01_a\x01\xff\xfe\x01\u2028<&>\b\f\r\t\x02", true, uint8(9))
	f.Fuzz(func(t *testing.T, text string, creation bool, n uint8) {
		words := strings.Split(text, "\x01")
		next := 0
		word := func() string {
			next++
			return words[next%len(words)]
		}
		ids := newIDMap(0)
		d := &Document{Comment: word(), PackagesOnly: n%5 == 4}
		if creation {
			d.Creation = &Creation{Name: word(), Namespace: word(), Created: word(), Creators: []string{word(), word(), word()}, LicenseListVersion: word()}
		}
		for i := range int(n % 8) {
			id, _ := ids.assign(packagePrefix + word() + strings.Repeat("+", i))
			d.Packages = append(d.Packages, Package{
				ID: id, Name: word(), Version: word(), License: word(), Originator: word(), Supplier: word(), DownloadURL: word(),
				FileName: word(), Purpose: word(), Comment: word(), FilesAnalyzed: i%2 == 0, VerificationCode: word(),
				Checksums: []common.Checksum{{Algorithm: "SHA256", Value: word()}, {Algorithm: "SHA1", Value: word()}, {Algorithm: "SHA3-256", Value: word()}},
				Refs:      []v2_3.PackageExternalReference{{Category: word(), RefType: word(), Locator: word()}, {Category: word(), RefType: word(), Locator: word()}},
			})
			path := word() + strings.Repeat("_", i)
			id, fresh := ids.assign(filePrefix + path)
			if fresh {
				d.Files = append(d.Files, File{ID: id, Path: path, SHA1: [20]byte{byte(i)}, SHA256: [32]byte{n}})
				d.Relationships = append(d.Relationships, Relationship{Element: d.Packages[i].ID, Type: contains, Related: id})
			}
			d.Relationships = append(d.Relationships, Relationship{Element: documentID, Type: describes, Related: d.Packages[i].ID})
		}
		for _, normalize := range []bool{false, true} {
			ref := refDocument(d)
			if normalize {
				refNormalize(ref)
				d.Normalize()
			}
			var b bytes.Buffer
			if err := d.Write(&b); err != nil {
				t.Fatal(err)
			}
			same(t, "document", b.Bytes(), []byte(refDump(ref, "")))
			if !json.Valid(b.Bytes()) {
				t.Error("the document is no JSON")
			}
		}
	})
}

var idRuns = regexp.MustCompile(`[^a-zA-Z0-9.\-]+`)

func FuzzID(f *testing.F) {
	for _, s := range []string{"SPDXRef-FILE-Lib/importlib/_abc.py", "", "__", "a__b", "\u00e9\xff", "-_-", "a/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got, want := ID(s), idRuns.ReplaceAllString(s, "-"); got != want {
			t.Errorf("ID(%q) = %q, want %q", s, got, want)
		}
	})
}

func FuzzParseChecksums(f *testing.F) {
	f.Add(EncodeChecksums([]File{{Path: "a b\n"}, {Path: "\xff"}}))
	f.Add([]byte("x\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		files, err := ParseChecksums(data)
		if err == nil && !bytes.EqualFold(EncodeChecksums(files), data) {
			t.Errorf("%q became %q", data, EncodeChecksums(files))
		}
	})
}

// FuzzParse checks that whatever is accepted can be written and read again with the same meaning.
func FuzzParse(f *testing.F) {
	f.Add([]byte(smallDocument))
	f.Add([]byte(`{"SPDXID":"SPDXRef-DOCUMENT","spdxVersion":"SPDX-2.3","packages":[{}],"files":[],"relationships":[{}]}`))
	f.Add([]byte(`{"SPDXID": 1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := Parse("Misc/sbom.spdx.json", data)
		if err != nil {
			return
		}
		first := render(t, doc)
		again, err := Parse("again", first)
		if err != nil {
			t.Fatalf("what was written is not accepted: %v", err)
		}
		same(t, "written again", render(t, again), first)
		CompareBase(doc, again)
	})
}
