package convert

import (
	"flag"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the table of docs/formats.md")

// TestTable: the table has every field that the code reads, and no other; each word of a format that it names is one that the format's
// writer writes.
func TestTable(t *testing.T) {
	want := fieldsOf(reflect.TypeOf(document{}), "")
	var got []string
	for _, h := range table {
		got = append(got, h.field)
	}
	slices.Sort(want)
	slices.Sort(got)
	for _, f := range want {
		if !slices.Contains(got, f) {
			t.Errorf("the table lacks %s", f)
		}
	}
	for _, f := range got {
		if !slices.Contains(want, f) {
			t.Errorf("the table has %s, which is no field", f)
		}
	}
	words := regexp.MustCompile("`([^`]+)`")
	for _, name := range []string{TagValue, CycloneDX16, CycloneDX17, SPDX3} {
		data, _ := written(t, name, every(t))
		out := string(data)
		if name == CycloneDX16 || name == CycloneDX17 { // what it says is of both
			other, _ := written(t, CycloneDX17, every(t))
			out += string(other)
		}
		for _, h := range table {
			cell := map[string]string{TagValue: h.tag, CycloneDX16: h.cyclonedx, CycloneDX17: h.cyclonedx, SPDX3: h.spdx3}[name]
			for _, m := range words.FindAllStringSubmatch(cell, -1) {
				word := m[1][strings.LastIndex(m[1], ".")+1:]
				if !strings.Contains(out, `"`+word+`"`) && !strings.Contains(out, "\n"+word+": ") && !strings.HasPrefix(out, word+": ") && word != "#" {
					t.Errorf("%s of %s: there is no %s in what is written", name, h.field, m[1])
				}
			}
		}
	}
}

// fieldsOf are the fields of a struct and of what is listed in it, as far as the table tells them apart.
func fieldsOf(typ reflect.Type, prefix string) (out []string) {
	for i := range typ.NumField() {
		name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
		below := typ.Field(i).Type
		if below.Kind() == reflect.Slice {
			below = below.Elem()
		}
		if slices.Contains([]string{"packages", "files", "snippets", "relationships", "hasExtractedLicensingInfos", "creationInfo"}, name) {
			out = append(out, fieldsOf(below, name+".")...)
		} else if name != "$schema" { // of the JSON, not of the document
			out = append(out, prefix+name)
		}
	}
	return out
}

// TestTableDoc: docs/formats.md has the table, and names the formats.
func TestTableDoc(t *testing.T) {
	const path, begin, end = "../../docs/formats.md", "<!-- table: made by go test ./rules/convert -run TestTableDoc -update -->\n", "<!-- end of the table -->\n"
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(data), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the table", path)
	}
	want := before + begin + markdown() + end + after
	if want == string(data) {
		return
	}
	if !*update {
		t.Fatalf("the table of %s is not that of the code: go test ./rules/convert -run TestTableDoc -update", path)
	}
	if err := os.WriteFile(path, []byte(want), 0o666); err != nil {
		t.Fatal(err)
	}
}

// markdown is the table of what each format holds, in Markdown.
func markdown() string {
	var b strings.Builder
	b.WriteString("| SPDX 2.3 | SPDX tag-value | CycloneDX 1.6, 1.7 | SPDX 3.0.1 |\n| --- | --- | --- | --- |\n")
	cell := func(s string) string {
		if s == "" {
			return "**not held**"
		}
		return s
	}
	for _, h := range table {
		b.WriteString("| `" + h.field + "` | " + cell(h.tag) + " | " + cell(h.cyclonedx) + " | " + cell(h.spdx3) + " |\n")
	}
	return b.String()
}
