package wheel

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// answer is one release of the fake index.
func answer(name, version string, files ...map[string]any) map[string]any {
	return map[string]any{"info": map[string]any{"name": name, "version": version, "license_expression": "MIT"}, "urls": files, "releases": "ignored"}
}

// file is one file of a release; its checksum is n, repeated.
func file(name string, n byte) map[string]any {
	kind := "sdist"
	if strings.HasSuffix(name, ".whl") {
		kind = "bdist_wheel"
	}
	return map[string]any{"filename": name, "url": "https://files.example/" + name, "packagetype": kind, "yanked": false,
		"digests": map[string]any{"md5": "x", "sha256": strings.Repeat(string(n), 64)}}
}

func with(f map[string]any, key string, value any) map[string]any {
	f[key] = value
	return f
}

// serve answers the paths "/pypi/<name>/<version>/json".
func serve(t *testing.T, answers map[string]any) Index {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, ok := answers[strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/base/pypi/"), "/json")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if text, ok := a.(string); ok {
			fmt.Fprint(w, text)
			return
		}
		json.NewEncoder(w).Encode(a)
	}))
	t.Cleanup(s.Close)
	return Index{BaseURL: s.URL + "/base/"}
}

func goodIndex() map[string]any {
	return map[string]any{
		"pip/25.1.1": answer("pip", "25.1.1", file("pip-25.1.1.tar.gz", '9'), file("pip-25.1.1-py3-none-any.whl", '5')),
		"cachecontrol/0.14.2": answer("CacheControl", "0.14.2", file("cachecontrol-0.14.2.tar.gz", '1'),
			file("cachecontrol-0.14.2-py2.py3-none-any.whl", '2'), file("cachecontrol-0.14.2-py3-none-any.whl", '3'), file("cachecontrol-0.14.2-cp313-cp313-win32.whl", '4')),
		"requests/2.32.3":          answer("requests", "2.32.3", file("requests-2.32.3-cp313-cp313-win32.whl", '1'), file("requests-2.32.3.zip", '2'), file("requests-2.32.3.tar.gz", '3')),
		"typing-extensions/4.13.2": answer("typing_extensions", "4.13.2", file("typing_extensions-4.13.2-cp313-cp313-win32.whl", '1')),
	}
}

func TestGenerate(t *testing.T) {
	w, err := inspect(smallWheel(t), wheelPath)
	if err != nil {
		t.Fatal(err)
	}
	answers := goodIndex()
	answers["cachecontrol/0.14.2"].(map[string]any)["urls"].([]map[string]any)[2]["yanked"] = true
	index := serve(t, answers)
	var notes []string
	index.Note = func(s string) { notes = append(notes, s) }
	l, err := Generate(context.Background(), index, w)
	if err != nil {
		t.Fatal(err)
	}
	want := `{
  "version": 2,
  "wheel": {
    "version": "25.1.1",
    "filename": "pip-25.1.1-py3-none-any.whl",
    "url": "https://files.example/pip-25.1.1-py3-none-any.whl",
    "sha256": "` + sum5 + `",
    "license": "MIT",
    "license_source": "license_expression"
  },
  "packages": {
    "cachecontrol": {
      "version": "0.14.2",
      "filename": "cachecontrol-0.14.2-py3-none-any.whl",
      "url": "https://files.example/cachecontrol-0.14.2-py3-none-any.whl",
      "sha256": "` + strings.Repeat("3", 64) + `",
      "license": "MIT",
      "license_source": "license_expression",
      "note": "yanked"
    },
    "requests": {
      "version": "2.32.3",
      "filename": "requests-2.32.3.tar.gz",
      "url": "https://files.example/requests-2.32.3.tar.gz",
      "sha256": "` + strings.Repeat("3", 64) + `",
      "license": "MIT",
      "license_source": "license_expression"
    },
    "typing_extensions": {
      "version": "4.13.2",
      "filename": null,
      "url": null,
      "sha256": null,
      "license": "MIT",
      "license_source": "license_expression",
      "note": "the package index has neither a pure-Python wheel nor an sdist"
    }
  }
}
`
	if got := string(l.Format()); got != want {
		t.Errorf("got:\n%s", got)
	}
	if got := strings.Join(notes, "|"); got != "cachecontrol-0.14.2-py3-none-any.whl is yanked from the package index" {
		t.Errorf("notes: %s", got)
	}
	read, err := ParseLock("l", l.Format())
	if err != nil {
		t.Fatal(err)
	}
	wants(t, read.Agree(w, "//:pip"))
}

func TestGenerateErrors(t *testing.T) {
	w, err := inspect(smallWheel(t), wheelPath)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, at string
		answer   any
		want     string
	}{
		{"no project", "requests/2.32.3", nil, "package index has no requests 2.32.3 ("},
		{"no JSON", "requests/2.32.3", "<html>", "/base/pypi/requests/2.32.3/json is not an answer of a package index's JSON API"},
		{"too long", "requests/2.32.3", strings.Repeat(" ", maxIndexBytes+1), "has more than 8388608 bytes"},
		{"deep", "requests/2.32.3", strings.Repeat("[", 100_000), "is not an answer"},
		{"other project", "requests/2.32.3", answer("requestz", "2.32.3"), `answers for "requestz" "2.32.3"`},
		{"other version", "requests/2.32.3", answer("requests", "2.32.4"), `answers for "requests" "2.32.4"`},
		{"wheel unknown", "pip/25.1.1", answer("pip", "25.1.1", file("pip-25.1.1-py3-none-any.whl", '1')),
			wheelPath + ": package index has no file of pip 25.1.1 with the wheel's sha256 " + sum5},
		{"wheel renamed", "pip/25.1.1", answer("pip", "25.1.1", file("pip-25.1.1.tar.gz", '5')), `package index knows the wheel's sha256 as that of "pip-25.1.1.tar.gz"`},
		{"short sum", "requests/2.32.3", answer("requests", "2.32.3", with(file("requests-2.32.3.tar.gz", '1'), "digests", map[string]any{"sha256": "12"})),
			`answer for requests 2.32.3 cannot be used: sha256 "12" is not a checksum`},
		{"no sum", "requests/2.32.3", answer("requests", "2.32.3", with(file("requests-2.32.3.tar.gz", '1'), "digests", nil)), `cannot be used: no sha256`},
		{"http", "requests/2.32.3", answer("requests", "2.32.3", with(file("requests-2.32.3.tar.gz", '1'), "url", "http://x/requests-2.32.3.tar.gz")), `is not an https URL`},
		{"no url", "requests/2.32.3", answer("requests", "2.32.3", with(file("requests-2.32.3.tar.gz", '1'), "url", "")), `cannot be used: no url`},
		{"other file", "requests/2.32.3", answer("requests", "2.32.3", with(file("requests-2.32.3.tar.gz", '1'), "url", "https://x/evil.tar.gz")), `does not end in the filename`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			answers := goodIndex()
			answers[tt.at] = tt.answer
			if tt.answer == nil {
				delete(answers, tt.at)
			}
			_, err := Generate(context.Background(), serve(t, answers), w)
			wants(t, err, tt.want)
		})
	}
	t.Run("all missing are named", func(t *testing.T) {
		answers := goodIndex()
		for name := range answers {
			if name != "pip/25.1.1" {
				delete(answers, name)
			}
		}
		_, err := Generate(context.Background(), serve(t, answers), w)
		wants(t, err, "no CacheControl 0.14.2", "no requests 2.32.3", "no typing_extensions 4.13.2")
	})
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if _, err := Generate(ctx, serve(t, goodIndex()), w); err != context.Canceled {
			t.Errorf("got %v", err)
		}
	})
}

func TestRank(t *testing.T) {
	r := Requirement{Name: "A_b", Version: "1.0"}
	for name, want := range map[string]int{
		"a_b-1.0-py3-none-any.whl": 1, "A_b-1.0-2-py3-none-any.whl": 1, "a_b-1.0-py2.py3-none-any.whl": 2,
		"a_b-1.0-py2-none-any.whl": 0, "a_b-1.0-py3-none-win32.whl": 0, "a_b-1.0-cp313-abi3-any.whl": 0,
		"a_b-1.1-py3-none-any.whl": 0, "c-1.0-py3-none-any.whl": 0,
		"a-b-1.0.tar.gz": 3, "A.b-1.0.zip": 4, "a_b-1.1.tar.gz": 0, "c-1.0.tar.gz": 0, "a_b-1.0.tar.bz2": 0, "-1.0.tar.gz": 0,
	} {
		f := releaseFile{Filename: name, PackageType: "sdist"}
		if strings.HasSuffix(name, ".whl") {
			f.PackageType = "bdist_wheel"
		}
		if got := rankOf(f, r); got != want {
			t.Errorf("%s has rank %d, expected %d", name, got, want)
		}
	}
}
