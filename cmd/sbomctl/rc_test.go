package main

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/engine/diag"
)

func TestParseRC(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []rcLine
		err        string
	}{
		{name: "empty"},
		{name: "comments and blanks", text: "# a\n\n  # b\nbuild -k # c\n", want: []rcLine{{Pos: diag.Pos{File: "rc", Line: 4}, Command: "build", Args: []string{"-k"}}}},
		{name: "hash inside a word", text: "build --x=a#b", want: []rcLine{{Pos: diag.Pos{File: "rc", Line: 1}, Command: "build", Args: []string{"--x=a#b"}}}},
		{name: "quotes", text: `common 'a b' "c 'd" e" f"g '' "\"" '\'`, want: []rcLine{{Pos: diag.Pos{File: "rc", Line: 1}, Command: "common", Args: []string{"a b", "c 'd", "e fg", "", `"`, `\`}}}},
		{name: "joined lines", text: "build --a \\\n  --b\\\nc\nlock -j2", want: []rcLine{
			{Pos: diag.Pos{File: "rc", Line: 1}, Command: "build", Args: []string{"--a", "--bc"}}, {Pos: diag.Pos{File: "rc", Line: 4}, Command: "lock", Args: []string{"-j2"}}}},
		{name: "backslash", text: `build a\ b \\`, want: []rcLine{{Pos: diag.Pos{File: "rc", Line: 1}, Command: "build", Args: []string{"a b", `\`}}}},
		{name: "backslash at the end", text: `build a\`, want: []rcLine{{Pos: diag.Pos{File: "rc", Line: 1}, Command: "build", Args: []string{"a"}}}},
		{name: "carriage returns", text: "build -k\r\nlock\r\n", want: []rcLine{
			{Pos: diag.Pos{File: "rc", Line: 1}, Command: "build", Args: []string{"-k"}}, {Pos: diag.Pos{File: "rc", Line: 2}, Command: "lock", Args: []string{}}}},
		{name: "config", text: "build:ci -k", want: []rcLine{{Pos: diag.Pos{File: "rc", Line: 1}, Command: "build", Config: "ci", Args: []string{"-k"}}}},
		{name: "imports", text: "import a\ntry-import 'b c'", want: []rcLine{{Pos: diag.Pos{File: "rc", Line: 1}, Import: "a"}, {Pos: diag.Pos{File: "rc", Line: 2}, Import: "b c", Try: true}}},

		{name: "open quote", text: "build 'a\nlock", want: []rcLine{{Pos: diag.Pos{File: "rc", Line: 2}, Command: "lock", Args: []string{}}}, err: "rc:1: the quote ' is not closed on its line"},
		{name: "open quote at the end", text: `build "a`, err: `rc:1: the quote " is not closed on its line`},
		{name: "flag first", text: "--jobs=2", err: "rc:1: a line starts with a command, not with the flag \"--jobs=2\"\n  hint: write \"common --jobs=2\" for every command"},
		{name: "no command", text: ":ci -k", err: `rc:1: ":ci" is neither COMMAND nor COMMAND:CONFIG`},
		{name: "no config", text: "build: -k", err: `rc:1: "build:" is neither COMMAND nor COMMAND:CONFIG`},
		{name: "import of two", text: "import a b", err: "rc:1: import takes one path"},
		{name: "startup", text: "\nstartup --x", err: "rc:2: there are no startup flags\n  hint: write \"common\" for flags of every command"},
		{name: "NUL", text: "build \x00", err: "rc:1:7: a NUL byte; expected text in UTF-8"},
		{name: "not UTF-8", text: "# \xc3\xa9\nbuild a\xff", err: "rc:2:8: the byte 0xff is not UTF-8; expected text in UTF-8"},
		{name: "several errors", text: "import\nimport", err: "rc:1: import takes one path\nrc:2: import takes one path"},
		{name: "too large", text: strings.Repeat("#", maxRCBytes+1), err: "rc: the file is larger than 1 MiB"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := parseRC("rc", []byte(c.text))
			text := ""
			if err != nil {
				text = err.Error()
			}
			if text != c.err {
				t.Errorf("error %q, want %q", text, c.err)
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func FuzzParseRC(f *testing.F) {
	for _, seed := range []string{"", "build --jobs=2\n", "build:ci 'a b' \"c\\\"d\" # e\n", "import %workspace%/x\ntry-import y", "a \\\nb", "'\n\"", "\x00\\"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		lines, err := parseRC("rc", data)
		if err != nil {
			return
		}
		// What was read, written with every word quoted, is read again as the same.
		var b strings.Builder
		quote := func(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
		for _, l := range lines {
			words := l.Args
			switch {
			case l.Try:
				words = []string{"try-import", l.Import}
			case l.Import != "":
				words = []string{"import", l.Import}
			case l.Config != "":
				words = append([]string{l.Command + ":" + l.Config}, words...)
			default:
				words = append([]string{l.Command}, words...)
			}
			for _, w := range words {
				b.WriteString(quote(w) + " ")
			}
			b.WriteByte('\n')
		}
		again, err := parseRC("rc", []byte(b.String()))
		if err != nil || len(again) != len(lines) {
			t.Fatalf("%q: %v, %d lines, want %d", b.String(), err, len(again), len(lines))
		}
		for i := range lines {
			again[i].Pos, lines[i].Pos = diag.Pos{}, diag.Pos{}
			if len(again[i].Args) == 0 && len(lines[i].Args) == 0 {
				again[i].Args, lines[i].Args = nil, nil
			}
			if !reflect.DeepEqual(again[i], lines[i]) {
				t.Fatalf("got %+v, want %+v", again[i], lines[i])
			}
		}
	})
}

// TestRCPrecedence checks which of several sources decides on a flag.
func TestRCPrecedence(t *testing.T) {
	r := newRun(t, map[string]string{
		"ws/.sbomctlrc":   "common -j3 --index_url=https://x.example\nbuild --distdir=%workspace%/d1 --keep_going\nimport sub/more.rc\ntry-import none.rc\nbuild:ci --jobs=5 --config=deep\nbuild:deep --norun-validations\nlock --jobs=99",
		"ws/sub/more.rc":  "build --distdir=%workspace%/sub",
		"home/.sbomctlrc": "build --jobs=4",
		"ws/own.rc":       "build --nokeep_going",
		"ws/d1/x":         "", "ws/d2/x": "",
	})
	for _, c := range []struct {
		args        []string
		jobs        int
		keep, valid bool
		dist        string
	}{
		{[]string{}, 4, true, true, "d1 sub"},
		{[]string{"--jobs=7"}, 7, true, true, "d1 sub"},
		{[]string{"-j", "7", "--distdir=d2"}, 7, true, true, "d1 sub d2"},
		{[]string{"--nohome_rc"}, 3, true, true, "d1 sub"},
		{[]string{"--noworkspace-rc"}, 4, false, true, ""},
		{[]string{"--norc", "--jobs=1"}, 1, false, true, ""},
		{[]string{"--config=ci"}, 5, true, false, "d1 sub"},
		{[]string{"--config=ci", "--run_validations", "--no-keep-going"}, 5, false, true, "d1 sub"},
		{[]string{"--sbomctlrc=own.rc"}, 4, false, true, "d1 sub"},
		{[]string{"--sbomctlrc=own.rc", "-k"}, 4, true, true, "d1 sub"},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			if code := r.run(append([]string{"build", "//..."}, c.args...)...); code != 0 {
				t.Fatalf("exit %d: %s", code, r.stderr.String())
			}
			o := r.backend.opened
			var dist []string
			for _, d := range o.DistDirs {
				dist = append(dist, filepath.Base(d))
			}
			if o.Jobs != c.jobs || o.KeepGoing != c.keep || o.SkipValidation == c.valid || strings.Join(dist, " ") != c.dist {
				t.Errorf("jobs %d, keep going %v, no validations %v, dist %v; want %+v", o.Jobs, o.KeepGoing, o.SkipValidation, dist, c)
			}
		})
	}
	if code := r.run("lock", "//:pip"); code != 0 || r.backend.opened.Jobs != 99 || r.backend.indexURL != "https://x.example" {
		t.Errorf("lock: exit %d, %+v %s", code, r.backend.opened, r.backend.indexURL)
	}
}

func TestRCErrors(t *testing.T) {
	for _, c := range []struct {
		name  string
		files map[string]string
		args  []string
		want  string
	}{
		{"unknown flag", map[string]string{"ws/.sbomctlrc": "\nbuild --jbos=2"}, nil, `.sbomctlrc:2: unknown flag --jbos; did you mean "--jobs"?`},
		{"unknown common flag", map[string]string{"ws/.sbomctlrc": "common --jbos=2"}, nil, `.sbomctlrc:1: unknown flag --jbos; did you mean "--jobs"?`},
		{"bad value", map[string]string{"ws/.sbomctlrc": "build --jobs=0"}, nil, `.sbomctlrc:1: invalid value "0" for --jobs: expected auto or a number from 1 to 5000`},
		{"missing value", map[string]string{"ws/.sbomctlrc": "build --jobs"}, nil, `.sbomctlrc:1: flag --jobs needs a value: number`},
		{"argument", map[string]string{"ws/.sbomctlrc": "build //x"}, nil, `.sbomctlrc:1: only flags may stand here, not "//x"`},
		{"help", map[string]string{"ws/.sbomctlrc": "build --help"}, nil, `.sbomctlrc:1: --help belongs on the command line, not in an rc file`},
		{"unknown command", map[string]string{"ws/.sbomctlrc": "biuld -k"}, nil, `.sbomctlrc:1: unknown command "biuld"; did you mean "build"?`},
		{"folder flag", map[string]string{"ws/.sbomctlrc": "common -C x"}, nil, `.sbomctlrc:1: -C belongs on the command line, not in an rc file`},
		{"no such config", map[string]string{"ws/.sbomctlrc": "build:ci -k"}, []string{"--config=cl"}, `no rc file defines the configuration "cl"; did you mean "ci"?`},
		{"config of itself", map[string]string{"ws/.sbomctlrc": "build:a --config=b\nbuild:b --config=a"}, []string{"--config=a"}, `.sbomctlrc:2: the configuration "a" asks for itself`},
		{"missing import", map[string]string{"ws/.sbomctlrc": "\nimport x.rc"}, nil, `.sbomctlrc:2: cannot read the rc file x.rc: no such file or directory`},
		{"import of itself", map[string]string{"ws/.sbomctlrc": "import x.rc", "ws/x.rc": "import .sbomctlrc"}, nil, `x.rc:1: the rc file .sbomctlrc imports itself`},
		{"missing file", nil, []string{"--sbomctlrc=x.rc"}, `cannot read the rc file x.rc: no such file or directory`},
		{"folder", map[string]string{"ws/.sbomctlrc/x": ""}, nil, `cannot read the rc file .sbomctlrc: is a directory`},
		{"control characters", map[string]string{"ws/.sbomctlrc": "build\x1b[2J -k"}, nil, `.sbomctlrc:1: unknown command "build\x1b[2J"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRun(t, c.files)
			r.want(t, 2, "", "sbomctl: error: "+c.want+"\n", append([]string{"build", "//..."}, c.args...)...)
		})
	}
}
