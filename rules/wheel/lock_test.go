package wheel

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const sum5 = "5555555555555555555555555555555555555555555555555555555555555555"

func smallLock() *Lock {
	entry := func(file, version string) Entry {
		return Entry{Version: version, Filename: file, URL: "https://files.example/" + file, SHA256: sum5}
	}
	return &Lock{Wheel: entry("pip-25.1.1-py3-none-any.whl", "25.1.1"), Packages: map[string]Entry{
		"typing_extensions": {Version: "4.13.2", Stated: Stated{License: "PSF-2.0", LicenseSource: "classifier"}, Note: "no file <was> found"},
		"cachecontrol":      entry("cachecontrol-0.14.2.tar.gz", "0.14.2"),
		"requests": {Version: "2.32.3", Filename: "requests-2.32.3.tar.gz", SHA256: sum5,
			Stated: Stated{Author: "Person: Kenneth Reitz (me@example.org)", Homepage: "https://requests.example/"}},
	}}
}

const smallLockText = `{
  "version": 2,
  "wheel": {
    "version": "25.1.1",
    "filename": "pip-25.1.1-py3-none-any.whl",
    "url": "https://files.example/pip-25.1.1-py3-none-any.whl",
    "sha256": "5555555555555555555555555555555555555555555555555555555555555555"
  },
  "packages": {
    "cachecontrol": {
      "version": "0.14.2",
      "filename": "cachecontrol-0.14.2.tar.gz",
      "url": "https://files.example/cachecontrol-0.14.2.tar.gz",
      "sha256": "5555555555555555555555555555555555555555555555555555555555555555"
    },
    "requests": {
      "version": "2.32.3",
      "filename": "requests-2.32.3.tar.gz",
      "url": null,
      "sha256": "5555555555555555555555555555555555555555555555555555555555555555",
      "author": "Person: Kenneth Reitz (me@example.org)",
      "homepage": "https://requests.example/"
    },
    "typing_extensions": {
      "version": "4.13.2",
      "filename": null,
      "url": null,
      "sha256": null,
      "license": "PSF-2.0",
      "license_source": "classifier",
      "note": "no file <was> found"
    }
  }
}
`

func TestLockFormat(t *testing.T) {
	if got := string(smallLock().Format()); got != smallLockText {
		t.Errorf("got:\n%s", got)
	}
	l, err := ParseLock("pip.lock.json", []byte(smallLockText))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(l.Format()); got != smallLockText {
		t.Errorf("read and written again:\n%s", got)
	}
	// One of format 1 is read, says so, and is written as one of format 2.
	l, err = ParseLock("pip.lock.json", []byte(strings.Replace(smallLockText, `"version": 2`, `"version": 1`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(l.Format()); got != smallLockText {
		t.Errorf("of format 1, and written again:\n%s", got)
	}
	if f := l.Findings("//:pip")[0]; f.Pos.String() != "pip.lock.json:2:14" || !strings.HasPrefix(f.Msg, "the lock is of format 1, which lacks") || f.Hints[0] != "run: sbomctl lock //:pip" {
		t.Errorf("%+v", f)
	}
	empty := &Lock{Wheel: smallLock().Wheel}
	if l, err := ParseLock("l", empty.Format()); err != nil || len(l.Packages) != 0 {
		t.Errorf("without packages: %v", err)
	}
}

// TestCommittedLocks: the lock files of this repository are as the lock command writes them.
func TestCommittedLocks(t *testing.T) {
	for _, name := range []string{"../../examples/cpython/pip.lock.json", "../../testdata/golden/workspace/pip.lock.json"} {
		content, err := os.ReadFile(filepath.FromSlash(name))
		if err != nil {
			t.Fatal(err)
		}
		l, err := ParseLock(name, content)
		if err != nil {
			t.Error(err)
			continue
		}
		if !bytes.Equal(l.Format(), content) {
			t.Errorf("%s is not in the format that is written", name)
		}
		if len(l.Packages) != 20 {
			t.Errorf("%s has %d packages, expected the 20 of pip 25.1.1", name, len(l.Packages))
		}
	}
}

func TestParseLockErrors(t *testing.T) {
	swap := func(old, new string) string {
		if !strings.Contains(smallLockText, old) {
			t.Fatalf("no %q in the lock", old)
		}
		return strings.Replace(smallLockText, old, new, 1)
	}
	tests := []struct{ name, in, want string }{
		{"empty", "", "l:1:1: not valid JSON from here on"},
		{"cut off", smallLockText[:100], "l:5:17: not valid JSON from here on"},
		{"list", "[]", "l:1:1: the lock is no object"},
		{"more behind", smallLockText + "x", "l:35:1: more text after"},
		{"comma behind", smallLockText + ",", "l:35:1: more text after"},
		{"trailing comma", `{"version":1,}`, "not valid JSON from here on"},
		{"version 3", swap(`"version": 2`, `"version": 3`), `l:2:14: lock format is "3", expected 2; it may be of a newer sbomctl`},
		{"version 1.0", swap(`"version": 2`, `"version": 1.0`), `l:2:14: lock format is "1.0"`},
		{"no version", `{"wheel":{"version":"1","filename":null,"url":null,"sha256":null},"packages":{}}`, `l:1:1: lock has no key "version"`},
		{"no wheel", `{"version":1,"packages":{}}`, `lock has no key "wheel"`},
		{"no packages", swap(`"packages"`, `"package"`), `l:9:3: unknown key "package"; did you mean "packages"?`},
		{"unknown key", swap(`"license"`, `"licence"`), `l:29:7: unknown key "licence"; did you mean "license"?`},
		{"repeated key", swap(`"note"`, `"license"`), `l:31:7: key "license" is repeated in typing_extensions`},
		{"repeated package", swap(`"requests"`, `"cachecontrol"`), `l:16:5: key "cachecontrol" is repeated in packages`},
		{"same project", swap(`"requests"`, `"typing-extensions"`), `l:24:5: "typing_extensions" and "typing-extensions" are the same project`},
		{"upper case", swap(`"requests"`, `"Requests"`), `l:16:5: "Requests" is not a project's name in lower case`},
		{"odd name", swap(`"requests"`, `"../x"`), `"../x" is not a project's name`},
		{"missing key", swap(`"url": null,`, ``), `l:16:5: requests has no key "url"`},
		{"number", swap(`"url": null`, `"url": 1`), `l:19:14: url is neither a string nor null`},
		{"object", swap(`"url": null`, `"url": {}`), `url is neither a string nor null`},
		{"null version", swap(`"version": "2.32.3"`, `"version": null`), `version is null, expected a string`},
		{"empty url", swap(`"url": null`, `"url": ""`), `url is empty, expected a value or null`},
		{"odd version", swap(`"2.32.3"`, `"2 3"`), `requests: version "2 3" is not a version`},
		{"short sum", swap(sum5, "abc"), `l:3:3: wheel: sha256 "abc" is not a checksum of 64 lower-case`},
		{"zero sum", swap(sum5, strings.Repeat("0", 64)), `is not a checksum of 64`},
		{"upper sum", swap(sum5, strings.Repeat("A", 64)), `is not a checksum of 64 lower-case`},
		{"http", swap("https://files.example/pip", "http://files.example/pip"), `is not an https URL of a file`},
		{"user", swap("https://files", "https://me:pw@files"), `is not an https URL of a file`},
		{"other file", swap("example/pip-25.1.1", "example/pip-25.1.2"), `does not end in the filename "pip-25.1.1-py3-none-any.whl"`},
		{"path", swap(`"requests-2.32.3.tar.gz"`, `"../requests-2.32.3.tar.gz"`), `is not a plain file name`},
		{"no sum", swap("\"sha256\": \""+sum5+"\"\n  }", "\"sha256\": null\n  }"), `wheel: url without a sha256`},
		{"licence", swap(`"PSF-2.0"`, `"PSF; rm"`), `is not an SPDX licence expression`},
		{"LicenseRef", swap(`"license": "PSF-2.0"`, `"license": "MIT OR LicenseRef-x"`), `license "MIT OR LicenseRef-x" is on no list, and a lock has no licence texts`},
		{"source alone", swap(`      "license": "PSF-2.0",`, ``), `license_source without a license`},
		{"author", swap(`"Person: Kenneth`, `"Kenneth`), `author "Kenneth Reitz (me@example.org)" is not of the form "Person: NAME (EMAIL)"`},
		{"author's letters", swap(`Kenneth Reitz`, `Kenneth\u009bReitz`), `requests: author `},
		{"homepage", swap(`"https://requests.example/"`, `"javascript:x"`), `homepage "javascript:x" is not an http or https URL`},
		{"note", swap(`"no file <was> found"`, `"a\nb"`), `note is not one line`},
		{"no UTF-8", "\xff", "l:1:1: the byte 0xff is not UTF-8; the file must be text in UTF-8"},
		{"too large", strings.Repeat(" ", MaxLockBytes+1), "l: lock file has 1048577 bytes"},
		{"deep", strings.Repeat(`{"packages":`, 20000), `unknown key "packages"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseLock("l", []byte(tt.in))
			wants(t, err, tt.want)
		})
	}
}

func TestAgree(t *testing.T) {
	w, err := inspect(smallWheel(t), wheelPath)
	if err != nil {
		t.Fatal(err)
	}
	w.SHA256 = sum5
	parse := func(text string) *Lock {
		l, err := ParseLock("pip.lock.json", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	wants(t, parse(smallLockText).Agree(w, "//:pip"))

	stale := strings.NewReplacer(`"2.32.3"`, `"2.32.4"`, `"typing_extensions"`, `"typing_extras"`).Replace(smallLockText)
	err = parse(stale).Agree(w, "//:pip")
	want := `pip.lock.json:16:5: //:pip: requests is locked to 2.32.4, but ` + wheelPath + `!pip/_vendor/vendor.txt:2 says 2.32.3
  hint: run: sbomctl lock //:pip
pip.lock.json:9:3: //:pip: lock has no typing_extensions, which ` + wheelPath + `!pip/_vendor/vendor.txt:3 names (version 4.13.2)
pip.lock.json:24:5: //:pip: typing_extras is locked, but ` + wheelPath + `!pip/_vendor/vendor.txt does not name it`
	if err == nil || err.Error() != want {
		t.Errorf("got:\n%v\nexpected:\n%s", err, want)
	}
	// Of another wheel: that its packages differ, too, is the same mistake.
	err = parse(strings.ReplaceAll(stale, sum5, strings.Repeat("1", 64))).Agree(w, "//:pip")
	want = `pip.lock.json:3:3: //:pip: lock is for a wheel of sha256 ` + strings.Repeat("1", 64) + `, but that of ` + wheelPath + ` is ` + sum5 + `
  hint: run: sbomctl lock //:pip`
	if err == nil || err.Error() != want {
		t.Errorf("got:\n%v\nexpected:\n%s", err, want)
	}
	renamed := strings.ReplaceAll(smallLockText, "pip-25.1.1-py3", "pip-25.1.1-py2.py3")
	wants(t, parse(renamed).Agree(w, "//:pip"), `lock is for a wheel "pip-25.1.1-py2.py3-none-any.whl", but`)
	// Versions are compared by PEP 440, names by PEP 503.
	wants(t, parse(strings.NewReplacer(`"2.32.3"`, `"v2.32.03"`, `"version": "25.1.1"`, `"version": "25.1.1.0"`, `"typing_extensions"`, `"typing.-extensions"`).Replace(smallLockText)).Agree(w, "//:pip"))
	otherVersion := strings.Replace(smallLockText, `"25.1.1"`, `"25.1.2"`, 1)
	wants(t, parse(otherVersion).Agree(w, "//:pip"), `lock is for version 25.1.2, but`)
}

func FuzzParseLock(f *testing.F) {
	f.Add(smallLockText)
	f.Add(`{"version":1,"wheel":{"version":"1","filename":null,"url":null,"sha256":null},"packages":{}}`)
	f.Add(`{"version":1,`)
	f.Fuzz(func(t *testing.T, s string) {
		l, err := ParseLock("l", []byte(s))
		if err != nil {
			return
		}
		once := l.Format()
		again, err := ParseLock("l", once)
		if err != nil {
			t.Fatalf("%q is written as %s, which is not read again: %v", s, once, err)
		}
		if !bytes.Equal(again.Format(), once) {
			t.Errorf("not stable: %s", once)
		}
	})
}
