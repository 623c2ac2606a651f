package spdx

import (
	"reflect"
	"strings"
	"testing"
)

func TestNaming(t *testing.T) {
	for _, c := range []struct {
		name, version, base string
		groups              map[string]string // beside version and base_version
	}{
		{"Python-3.13.5.tgz", "3.13.5", "3.13.5", map[string]string{"format": "tgz"}},
		{"Python-3.14.0rc2.tar.xz", "3.14.0rc2", "3.14.0", map[string]string{"format": "tar.xz"}},
		{"python-3.14.0b1t-embed-amd64.zip", "3.14.0b1", "3.14.0", map[string]string{"freethreaded": "t", "variant": "embed", "arch": "amd64", "format": "zip"}},
		{"python-3.13.5.exe", "3.13.5", "3.13.5", map[string]string{"freethreaded": "", "variant": "", "arch": "", "format": "exe"}},
		{"python.3.14.0-b1.nupkg", "3.14.0b1", "3.14.0", map[string]string{"prerelease": "b1", "format": "nupkg"}},
		{"python.3.13.5.nupkg", "3.13.5", "3.13.5", map[string]string{"prerelease": "", "format": "nupkg"}},
	} {
		a, err := pythonNaming.Artifact(c.name)
		if err != nil {
			t.Error(err)
			continue
		}
		c.groups["version"], c.groups["base_version"] = c.version, c.base
		if a.Name != c.name || a.Version != c.version || a.BaseVersion != c.base || !reflect.DeepEqual(a.Groups, c.groups) {
			t.Errorf("%s is %+v", c.name, a)
		}
	}
	for _, name := range []string{"", "python-3.13.5-docs-html.zip", "Python-3.13.5.tar.xz.asc", "Python-3.13.5.tar.gz", "Python-3.tgz", "Python-3.13.5/x.tgz", "python-3.13.5-amd64.exe\n"} {
		if a, err := pythonNaming.Artifact(name); err == nil {
			t.Errorf("%q is %+v", name, a)
		}
	}
}

// TestDefaultNaming: names of other projects need no naming.
func TestDefaultNaming(t *testing.T) {
	for name, want := range map[string]Artifact{
		"git-2.39.5.tar.xz":          {Version: "2.39.5", BaseVersion: "2.39.5", Groups: map[string]string{"variant": "", "format": "tar.xz"}},
		"git-manpages-2.39.5.tar.gz": {Version: "2.39.5", BaseVersion: "2.39.5", Groups: map[string]string{"variant": "", "format": "tar.gz"}},
		"openssl-1.1.1w.tar.gz":      {Version: "1.1.1w", BaseVersion: "1.1.1", Groups: map[string]string{"variant": "", "format": "tar.gz"}},
		"hugo_v0.120.0_linux-amd64.deb": {Version: "0.120.0", BaseVersion: "0.120.0",
			Groups: map[string]string{"variant": "linux-amd64", "format": "deb"}},
		"python-3.14.0b1-embed-amd64.zip": {Version: "3.14.0b1", BaseVersion: "3.14.0", Groups: map[string]string{"variant": "embed-amd64", "format": "zip"}},
		"curl-8.9.0-rc.1.zip":             {Version: "8.9.0-rc.1", BaseVersion: "8.9.0", Groups: map[string]string{"variant": "", "format": "zip"}},
	} {
		want.Name = name
		want.Groups["version"], want.Groups["base_version"] = want.Version, want.BaseVersion
		if got, err := (Naming{}).Artifact(name); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %+v, %v", name, got, err)
		}
	}
	_, err := Naming{}.Artifact("README")
	wantError(t, "no version", err, `the name "README" is not of the form NAME-VERSION[-REST].EXTENSION, and the product declares no naming
  hint: product(naming = release_naming(patterns = [r"..."])) says what names say, with the group (?P<version>...)`)
}

func TestNamingErrors(t *testing.T) {
	_, err := pythonNaming.Artifact("python-3.13.5-docs-html.zip")
	wantError(t, "unknown", err, `no pattern of the product's naming matches the name "python-3.13.5-docs-html.zip", so that nothing is known of it
  hint: patterns[0] is `+pythonNaming.Patterns[0]+`
  hint: patterns[1] is `+pythonNaming.Patterns[1]+`
  hint: patterns[2] is `+pythonNaming.Patterns[2]+`
  hint: patterns[3] is `+pythonNaming.Patterns[3])

	two := Naming{Patterns: []string{`a-(?P<version>[0-9.]+)-(?P<variant>x)\.zip`, `a-(?P<version>[0-9.]+-x)\.zip`, `a-(?P<version>[0-9.]+)-(?P<variant>x)\.(?:zip|tar)`}}
	_, err = two.Artifact("a-1-x.zip")
	wantError(t, "two", err, `the name "a-1-x.zip" is read in two ways: version is "1" and "1-x" by patterns[0] and patterns[1] of the product's naming
  hint: narrow one of the two patterns`)
	two.Patterns[1] = two.Patterns[2]
	if a, err := two.Artifact("a-1-x.zip"); err != nil || a.Version != "1" {
		t.Errorf("two patterns that agree: %+v, %v", a, err)
	}

	for pattern, want := range map[string]string{
		`a-(?P<verison>.*)`:                     "pattern \"a-(?P<verison>.*)\" has no group version, so that a name says no version; did you mean it by \"verison\"?\n  hint: write it (?P<version>...); base_version and prerelease together are one, too",
		`a-(?P<Version>.*)`:                     "group \"Version\" is not a lower-case name\n  hint: a group is a placeholder, too: {version}",
		`(?P<version>.)(?P<artifact>.)`:         "a group cannot be called artifact: {artifact} is the whole name",
		`a)|(?P<version>b`:                      "pattern \"a)|(?P<version>b\" is not a regular expression: unexpected )",
		`(?P<base_version>\d)(?P<prerelease>b)`: "",
		strings.Repeat("a", maxPattern+1):       "pattern is longer than 4096 bytes",
	} {
		err := CheckNaming(pattern)
		if want == "" {
			if err != nil {
				t.Error(err)
			}
			continue
		}
		wantError(t, pattern, err, want)
	}
}

func FuzzNaming(f *testing.F) {
	for _, s := range []string{"Python-3.13.5.tgz", "python-3.14.0b1t-embed-amd64.zip", "python-3.13.5-macos11.pkg", "git-2.39.5.tar.xz", "a-1..zip"} {
		f.Add(DefaultPattern, s)
		f.Add(pythonNaming.Patterns[1], s)
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		if CheckNaming(pattern) != nil {
			return
		}
		n := Naming{Patterns: []string{pattern}}
		a, err := n.Artifact(name)
		if err != nil {
			return
		}
		for g, v := range a.Groups {
			if !strings.Contains(name, v) && g != groupVersion {
				t.Errorf("%s is %q, which is not in %q", g, v, name)
			}
			if ok, _ := n.possible(g, v); !ok {
				t.Errorf("%s = %q is of %q, and said to be impossible by %s", g, v, name, pattern)
			}
		}
	})
}

// TestPlaceholders: every group is one, and a qualifier that is empty then is left out.
func TestPlaceholders(t *testing.T) {
	in := binaryInput(t, "python-3.14.0b1t-amd64.zip", 'C')
	in.Product.Profile = Complete
	in.Product.PURL = "pkg:generic/python@{version}?arch={arch}&freethreaded={freethreaded}&variant={variant}"
	in.Product.DownloadURL = "https://www.python.org/ftp/python/{base_version}/{format}/{artifact}"
	doc, err := Binary(in)
	if err != nil {
		t.Fatal(err)
	}
	text := string(render(t, doc))
	for _, want := range []string{`"pkg:generic/python@3.14.0b1?arch=amd64&freethreaded=t"`, `"https://www.python.org/ftp/python/3.14.0/zip/python-3.14.0b1t-amd64.zip"`,
		`"name": "CPython-free-threaded"`, `"name": "CPython-free-threaded SBOM"`, `"python-3.14.0b1t-amd64.zip is the free-threaded build of CPython."`, `"SPDXRef-PACKAGE-cpython"`} {
		if !strings.Contains(text, want) {
			t.Errorf("the document lacks %s", want)
		}
	}
	for purl, want := range map[string]string{"pkg:a/b@1": "pkg:a/b@1", "pkg:a/b@1?x=": "pkg:a/b@1", "pkg:a/b@1?w=&x=1&y=#z": "pkg:a/b@1?x=1#z", "pkg:a/b@1?x=#z": "pkg:a/b@1#z"} {
		if got := withoutEmptyQualifiers(purl); got != want {
			t.Errorf("%s becomes %s, want %s", purl, got, want)
		}
	}

	in.Product.PURL, in.Product.DownloadURL = "", "https://example.org/{varient}/{artifact}"
	_, err = Binary(in)
	wantError(t, "misspelt", err, `for python-3.14.0b1t-amd64.zip: download_url: {varient} is not a placeholder; did you mean {variant}?
  hint: there are {arch}, {artifact}, {base_version}, {format}, {freethreaded}, {prerelease}, {variant} and {version}`)
}
