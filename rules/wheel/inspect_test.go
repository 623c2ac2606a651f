package wheel

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io/fs"
	"strings"
	"testing"
)

func inspect(content []byte, path string) (*Wheel, error) {
	return Inspect(bytes.NewReader(content), int64(len(content)), path, sum5, "pip", vendorPath)
}

func TestInspect(t *testing.T) {
	w, err := inspect(smallWheel(t), wheelPath)
	if err != nil {
		t.Fatal(err)
	}
	if w.Name != "pip" || w.Version != "25.1.1" || w.Filename != "pip-25.1.1-py3-none-any.whl" {
		t.Errorf("%+v", w)
	}
	if got := fmt.Sprint(w.Vendored); got != "[{CacheControl 0.14.2 1} {requests 2.32.3 2} {typing_extensions 4.13.2 3}]" {
		t.Error(got)
	}
}

func TestInspectErrors(t *testing.T) {
	other := func(nameContent ...string) []byte {
		return zipOf(t, append([]string{vendorPath, smallVendor, infoPath, smallMetadata}, nameContent...)...)
	}
	mode := func(mode fs.FileMode) []byte {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		h := &zip.FileHeader{Name: "link"}
		h.SetMode(mode)
		if _, err := z.CreateHeader(h); err != nil {
			t.Fatal(err)
		}
		z.Close()
		return b.Bytes()
	}
	many := make([]string, 0, 2*(maxEntries+1))
	for i := range maxEntries + 1 {
		many = append(many, fmt.Sprint(i), "")
	}
	damaged := smallWheel(t)
	damaged[bytes.Index(damaged, []byte(vendorPath))+len(vendorPath)+3] ^= 0xff

	tests := []struct {
		name    string
		path    string
		content []byte
		want    string
	}{
		{"no zip", wheelPath, []byte("no zip"), wheelPath + ": not a wheel: its zip archive is damaged or cut off"},
		{"cut off", wheelPath, smallWheel(t)[:200], "damaged or cut off"},
		{"empty", wheelPath, nil, "damaged or cut off"},
		{"file name", "pip-25.whl", smallWheel(t), `"pip-25.whl" is not a wheel's file name`},
		{"other project", "pipx-25.1.1-py3-none-any.whl", smallWheel(t), `wheel is of project "pipx", but "pip" is declared`},
		{"other version", "pip-25.2-py3-none-any.whl", smallWheel(t), `pip-25.2-py3-none-any.whl!pip-25.1.1.dist-info/METADATA:3: version is "25.1.1", but the file name says "25.2"`},
		{"other name inside", wheelPath, zipOf(t, infoPath, "Name: pipx\nVersion: 25.1.1\n"), `METADATA:1: name is "pipx", but the file name says "pip"`},
		{"other folder", wheelPath, zipOf(t, "pip-1.dist-info/METADATA", smallMetadata), `wheel has a folder "pip-1.dist-info", but its file name says pip-25.1.1.dist-info`},
		{"no metadata", wheelPath, zipOf(t, "a", ""), "wheel has no <name>-<version>.dist-info/METADATA"},
		{"deep metadata", wheelPath, zipOf(t, "a/pip-25.1.1.dist-info/METADATA", smallMetadata), "wheel has no <name>"},
		{"two metadata", wheelPath, other("x-1.dist-info/METADATA", ""), `wheel has "pip-25.1.1.dist-info/METADATA" and "x-1.dist-info/METADATA", expected one`},
		{"no version", wheelPath, zipOf(t, infoPath, "Name: pip\n"), "METADATA: states no version"},
		{"two versions", wheelPath, zipOf(t, infoPath, "Version: 1\nName: pip\nVersion: 25.1.1\n"), "METADATA:3: version is stated here and in line 1"},
		{"no vendor.txt", wheelPath, zipOf(t, infoPath, smallMetadata, "pip/_vendor/vendors.txt", ""), `wheel has no "pip/_vendor/vendor.txt"; did you mean "pip/_vendor/vendors.txt"?`},
		{"empty vendor.txt", wheelPath, zipOf(t, infoPath, smallMetadata, vendorPath, "# none\n"), wheelPath + "!" + vendorPath + ": names no package"},
		{"bad vendor.txt", wheelPath, zipOf(t, infoPath, smallMetadata, vendorPath, "a==1\nb>=2\n"), wheelPath + "!" + vendorPath + `:2: "b>=2" is not of the form name==version`},
		{"large vendor.txt", wheelPath, zipOf(t, infoPath, smallMetadata, vendorPath, strings.Repeat("#\n", maxMember)), "entry has 2097152 bytes, expected at most 1048576"},
		{"damaged entry", wheelPath, damaged, wheelPath + "!"},
		{"absolute", wheelPath, other("/etc/passwd", ""), `entry "/etc/passwd", which is an absolute path`},
		{"dot dot", wheelPath, other("a/../../b", ""), `entry "a/../../b", which is not a plain path`},
		{"dot", wheelPath, other("./b", ""), `which is not a plain path`},
		{"back slash", wheelPath, other(`..\b`, ""), `which has a letter that is a separator on some systems`},
		{"drive", wheelPath, other(`C:b`, ""), `which has a letter that is a separator on some systems`},
		{"control", wheelPath, other("a\x1b[2Jb", ""), `entry "a\x1b[2Jb", which has a control character`},
		{"no text", wheelPath, other("a\xff", ""), `which is not text`},
		{"twice", wheelPath, other("a", "", "a", ""), `wheel has two entries "a"`},
		{"file and folder", wheelPath, other("a", "", "a/", ""), `wheel has two entries "a"`},
		{"link", wheelPath, mode(fs.ModeSymlink | 0o777), `entry "link", which is neither a file nor a folder`},
		{"device", wheelPath, mode(fs.ModeDevice | 0o600), `entry "link", which is neither a file nor a folder`},
		{"too many", wheelPath, zipOf(t, many...), "wheel has 20001 entries, expected at most 20000"},
		{"bomb", wheelPath, other("zeros", strings.Repeat("\x00", 20<<20)), "which is too much to be right"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := inspect(tt.content, tt.path)
			wants(t, err, tt.want)
		})
	}
}

// TestHugeDirectory has a table of contents whose reading alone would take too much memory.
func TestHugeDirectory(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := range 50 {
		if _, err := z.CreateHeader(&zip.FileHeader{Name: fmt.Sprint(i), Comment: strings.Repeat("c", 0xffff), Extra: bytes.Repeat([]byte{0xfe, 0xca, 0xfb, 0xff}, 1)}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 60_000 {
		if _, err := z.CreateHeader(&zip.FileHeader{Name: fmt.Sprintf("a-name-of-some-length-%d", i)}); err != nil {
			t.Fatal(err)
		}
	}
	z.Close()
	_, err := inspect(b.Bytes(), wheelPath)
	wants(t, err, "table of contents of the wheel has more than 4194304 bytes")
}

func TestParseVendorTXT(t *testing.T) {
	tests := []struct{ in, want, err string }{
		{"", "[]", ""},
		{"# c\n\na==1 # c\r\n\tb==2\n  c[x,y]==3.0+l ; python_version < '3.11' # c\nd == 1!4\n", "[{a 1 3} {b 2 4} {c 3.0+l 5} {d 1!4 6}]", ""},
		{"a==1\nb\nc==*\n", "", "v:2: \"b\" is not of the form name==version\nv:3: \"c==*\" is not"},
		{"a===1", "", "not of the form"},
		{"a==1 --hash=sha256:00", "", "not of the form"},
		{"-r other.txt", "", "not of the form"},
		{"a @ https://x/a.whl", "", "not of the form"},
		{"a_b==1\nA-B==2", "", "v:2: A-B is named here and in line 1, expected once"},
		{"a==1#c", "", "not of the form"},
		{"a==1\x00", "", "v:1:5: there is a NUL byte; the file must be text in UTF-8"},
		{strings.Repeat("x\n", 1000), "", "more lines than can be right"},
		{strings.Repeat("x", 1000), "", `x"... is not of the form`},
	}
	for _, tt := range tests {
		got, err := ParseVendorTXT("v", []byte(tt.in))
		wants(t, err, tt.err)
		if err == nil && fmt.Sprint(got) != tt.want {
			t.Errorf("%q: %v, expected %s", tt.in, got, tt.want)
		}
	}
}

func FuzzVendorTXT(f *testing.F) {
	f.Add(smallVendor)
	f.Add("# c\r\n a[b]==1 ; x\n")
	f.Fuzz(func(t *testing.T, s string) {
		rs, err := ParseVendorTXT("v", []byte(s))
		if err != nil {
			return
		}
		var again strings.Builder
		for _, r := range rs {
			fmt.Fprintf(&again, "%s==%s\n", r.Name, r.Version)
		}
		if back, err := ParseVendorTXT("v", []byte(again.String())); err != nil || len(back) != len(rs) {
			t.Errorf("%q gives %v, which is not read again: %v", s, rs, err)
		}
	})
}

func FuzzInspect(f *testing.F) {
	f.Add(smallWheel(f))
	f.Add(zipOf(f, infoPath, smallMetadata))
	f.Add([]byte("PK\x05\x06"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if w, err := inspect(b, wheelPath); err == nil && (w.Version != "25.1.1" || len(w.Vendored) == 0) {
			t.Errorf("%+v", w)
		}
	})
}
