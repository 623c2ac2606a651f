package signals

import (
	"reflect"
	"strings"
	"testing"
)

var metadataCases = []struct {
	file, content string
	want          []Metadata
}{
	{"external/zlib/METADATA", `name: "zlib" # comment "{"
description: "A compression library: { \"quoted\" }"
third_party {
  homepage: "https://zlib.net"
  license_type: NOTICE
  last_upgrade_date { year: 2024 month: 1 day: 22 }
  identifier {
    type: "Git"
    value: "https://github.com/madler/zlib"
    version: "v1.3.1"
    primary_source: true
  }
  identifier { type: "Archive" value: "https://zlib.net/zlib-1.3.1.tar.gz" version: "v1.3.1" }
}
`, []Metadata{{Name: "zlib", Version: "v1.3.1", URL: "https://zlib.net/zlib-1.3.1.tar.gz", Line: 1}}},
	{"a/METADATA", "name: \"old\"\nthird_party {\n  url { type: GIT value: \"https://x.org/old\" }\n  version: \"0123456789abcdef0123456789abcdef01234567\"\n}\n",
		[]Metadata{{Name: "old", Revision: "0123456789abcdef0123456789abcdef01234567", URL: "https://x.org/old", Line: 1}}},
	{"a/METADATA", "Metadata-Version: 2.1\n", nil},
	{"media/libfoo/moz.yaml", `---
schema: 1
bugzilla:
  product: Core
origin:
  name: libfoo
  description: does foo
  url: https://foo.org/
  release: v2.0.1 (2024-03-01T00:00:00)  # when
  revision: "0123456789abcdef0123456789abcdef01234567"
  license: BSD-3-Clause
vendoring:
  url: https://github.com/foo/foo
`, []Metadata{{Name: "libfoo", Version: "v2.0.1", Revision: "0123456789abcdef0123456789abcdef01234567", URL: "https://foo.org/", License: "BSD-3-Clause", Line: 5}}},
	{"third_party/x/README.chromium", `Name: The X library
Short Name: x
URL: https://x.org/
Version: 1.2
Revision: N/A
License: MIT
CPEPrefix: cpe:/a:x:x:1.2
Description:
 Name: indented
-------------------- DEPENDENCY DIVIDER --------------------
Name: y
Version: 0
Revision: abc
`, []Metadata{{Name: "The X library", Version: "1.2", URL: "https://x.org/", License: "MIT", CPE: "cpe:/a:x:x:1.2", Line: 1}, {Name: "y", Revision: "abc", Line: 11}}},
	{"pip/_vendor/vendor.txt", "CacheControl==0.14.3  # c\r\nrequests==2.32.3\r\n    certifi==2025.1.31\n# x==1\n-r other\npkg @ https://x\n",
		[]Metadata{{Name: "CacheControl", Version: "0.14.3", Line: 1}, {Name: "requests", Version: "2.32.3", Line: 2}, {Name: "certifi", Version: "2025.1.31", Line: 3}}},
	{"a/README.vendored", "from x\n", nil},
}

func TestParseMetadata(t *testing.T) {
	for _, c := range metadataCases {
		got, err := ParseMetadata(c.file, []byte(c.content))
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %+v, %v\nwant %+v", c.file, got, err, c.want)
		}
		if !IsMetadata(c.file) {
			t.Errorf("%s is no metadata file", c.file)
		}
	}
}

func TestParseMetadataRefuses(t *testing.T) {
	for want, content := range map[string]string{
		`METADATA:2: "}" closes nothing`:                    "name: \"x\"\n}\n",
		`METADATA:2: block "third_party" is not closed`:     "third_party {\n",
		`METADATA: metadata file is not UTF-8`:              "name: \"\xff\"\n",
		`METADATA:1: metadata has blocks more than 16 deep`: strings.Repeat("a {", 17),
	} {
		if _, err := ParseMetadata("METADATA", []byte(content)); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func FuzzParseMetadata(f *testing.F) {
	for _, c := range metadataCases {
		f.Add(c.file, []byte(c.content))
	}
	f.Fuzz(func(t *testing.T, file string, content []byte) {
		got, err := ParseMetadata(file, content)
		if err != nil {
			return
		}
		for _, m := range got {
			for _, s := range []string{m.Name, m.Version, m.Revision, m.URL, m.License, m.CPE} {
				if len(s) > maxText || strings.ContainsAny(s, "\n\r\x00") {
					t.Errorf("%q is no line of at most %d bytes", s, maxText)
				}
			}
			if m.Line < 1 {
				t.Errorf("%+v begins nowhere", m)
			}
		}
	})
}
