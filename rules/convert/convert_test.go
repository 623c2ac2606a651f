package convert

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/engine/finding"
)

// every is a document with every field of SPDX 2.3.
func every(t testing.TB) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/every.spdx.json")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// written is what a format makes of a document, and what it says it cannot hold.
func written(t testing.TB, name string, data []byte) (out []byte, losses []string) {
	t.Helper()
	d, err := Read(data)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := d.Write(&b, name, func(f finding.Finding) { losses = append(losses, f.Msg) }); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), losses
}

// readers read back what is written in a format.
var readers = map[string]func(*testing.T, []byte) *document{
	TagValue:    fromTagValue,
	SPDX3:       fromSPDX3,
	CycloneDX16: fromCycloneDX,
	CycloneDX17: fromCycloneDX,
}

// TestEveryField: what is written in a format is read back whole, but for what its writer says is lost.
func TestEveryField(t *testing.T) {
	want, err := read(every(t))
	if err != nil {
		t.Fatal(err)
	}
	unset(t, reflect.ValueOf(*want), "document")
	for _, h := range table {
		if h.cyclonedx == "" || h.spdx3 == "" || h.tag == "" && h.field != "hasExtractedLicensingInfos.crossRefs" {
			t.Errorf("the table says that a format cannot hold %s, and this test does not know it", h.field)
		}
	}
	for name, reader := range readers {
		t.Run(name, func(t *testing.T) {
			out, losses := written(t, name, every(t))
			want := want
			if name == TagValue {
				want = mended(t, want)
			}
			if name != TagValue && len(losses) > 0 || name == TagValue && len(losses) != 3 {
				t.Errorf("lost: %q", losses)
			}
			got := reader(t, out)
			if a, b := indented(want), indented(got); a != b {
				t.Errorf("read back is another document: %s", difference(a, b))
			}
		})
	}
}

// mended is the document as tag-value can hold it: it has no cross references of licences, no spaces in locators and no
// reviews by nobody, and tools-golang reads bytes and lines of a range as one range each.
func mended(t *testing.T, d *document) *document {
	t.Helper()
	out := &document{}
	if err := json.Unmarshal([]byte(text(d)), out); err != nil {
		t.Fatal(err)
	}
	out.Reviews = slices.DeleteFunc(out.Reviews, func(r review) bool { return r.Reviewer == "" })
	for i := range out.Licenses {
		out.Licenses[i].CrossRefs = nil
	}
	for i := range out.Packages {
		for j, r := range out.Packages[i].Refs {
			out.Packages[i].Refs[j].Locator = strings.ReplaceAll(r.Locator, " ", "%20")
		}
	}
	for i := range out.Snippets {
		var ranges []snippetRange
		for _, r := range out.Snippets[i].Ranges {
			lines := r
			r.Start.Line, r.End.Line = nil, nil
			lines.Start.Offset, lines.End.Offset = nil, nil
			ranges = append(ranges, r, lines)
		}
		out.Snippets[i].Ranges = ranges
	}
	if err := out.canonicalize(); err != nil {
		t.Fatal(err)
	}
	return out
}

// unset wants every field of a value, or of one item of each list, to be set.
func unset(t *testing.T, v reflect.Value, where string) {
	t.Helper()
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			unset(t, v.Field(i), where+"."+v.Type().Field(i).Name)
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() != reflect.Struct {
			return
		}
		// A struct whose fields are those that some item sets.
		union := reflect.New(v.Type().Elem()).Elem()
		for i := range v.Len() {
			for f := range union.NumField() {
				if union.Field(f).IsZero() {
					union.Field(f).Set(v.Index(i).Field(f))
				}
			}
		}
		unset(t, union, where+"[]")
	}
	switch {
	case !v.IsZero():
	case strings.HasSuffix(where, ".Describes"), strings.HasSuffix(where, ".Schema"), strings.HasSuffix(where, ".HasFiles"): // read makes relationships of them
	default:
		t.Errorf("the document of the test does not set %s", where)
	}
}

func indented(d *document) string {
	return strings.ReplaceAll(text(d), ",", ",\n")
}

// difference is the first line in which two texts differ.
func difference(a, b string) string {
	as, bs := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range as {
		if i >= len(bs) || as[i] != bs[i] {
			return strings.Join(as[max(i-3, 0):min(i+3, len(as))], " ") + "\n  is\n" + strings.Join(bs[max(min(i-3, len(bs)), 0):min(i+3, len(bs))], " ")
		}
	}
	return "it has more"
}
