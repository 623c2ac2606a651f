package main

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// The language of .sbomctlrc is that of .bazelrc:
//
//	# comment
//	build --jobs=2 --keep_going
//	common --color=no
//	build:ci --curses=no          (only with --config=ci)
//	import %workspace%/ci.rc      (relative to this file without %workspace%)
//	try-import %workspace%/user.rc
//
// Words are split at white space; quotes and "\" protect as in a shell; a "\" at the end of a
// line joins it with the next; "#" at the start of a word comments the rest of the line out.
//
// A relative path or label in a flag is relative to the file that the line is in.

// rcLine is one line: flags for a command, or the name of another file.
type rcLine struct {
	Pos     diag.Pos // its line
	Dir     string   // folder of its file, absolute: relative paths in it start there
	Command string   // "build", "common", ...; "" for an import
	Config  string   // the part after the colon; "" when the line always counts
	Args    []string // flags
	Import  string   // path of the other file, as written
	Try     bool     // it need not exist
}

// The bounds of an rc file, far above what a person writes.
const (
	maxRCBytes = 1 << 20
	maxRCDepth = 16 // of imports, and of configurations within configurations
)

// parseRC reads the text of the rc file that messages call name. All bad lines are reported.
func parseRC(name string, data []byte) ([]rcLine, error) {
	if len(data) > maxRCBytes {
		return nil, &diag.Error{Pos: diag.File(name), Msg: "the file is larger than 1 MiB"}
	}
	if err := checkText(name, data); err != nil {
		return nil, err
	}
	var lines []rcLine
	var errs diag.List
	bad := func(pos diag.Pos, msg string, hints ...string) {
		errs = append(errs, &diag.Error{Pos: pos, Msg: msg, Hints: hints})
	}
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	for number := 1; len(data) > 0; {
		pos := diag.Pos{File: name, Line: number}
		words, rest, msg := splitRCLine(data)
		number += bytes.Count(data[:len(data)-len(rest)], []byte("\n"))
		data = rest
		switch {
		case msg != "":
			bad(pos, msg)
			continue
		case len(words) == 0:
			continue
		}
		line := rcLine{Pos: pos, Args: words[1:]}
		switch first := words[0]; first {
		case "import", "try-import":
			if len(words) != 2 || words[1] == "" {
				bad(pos, first+" takes one path")
				continue
			}
			line.Import, line.Try, line.Args = words[1], first == "try-import", nil
		case "startup":
			bad(pos, "there are no startup flags", `write "common" for flags of every command`)
			continue
		default:
			var colon bool
			line.Command, line.Config, colon = strings.Cut(first, ":")
			if strings.HasPrefix(first, "-") {
				bad(pos, `a line starts with a command, not with the flag "`+first+`"`, `write "common `+first+`" for every command`)
				continue
			}
			if line.Command == "" || colon && line.Config == "" {
				bad(pos, `"`+first+`" is neither COMMAND nor COMMAND:CONFIG`)
				continue
			}
		}
		lines = append(lines, line)
	}
	return lines, errs.Err()
}

// checkText returns an error for what is no text: a NUL byte, which ends a text for some programs, and
// bytes that are not UTF-8.
func checkText(name string, data []byte) error {
	if i := bytes.IndexByte(data, 0); i >= 0 {
		return &diag.Error{Pos: diag.At(name, data, i), Msg: "a NUL byte; expected text in UTF-8"}
	}
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return &diag.Error{Pos: diag.At(name, data, i), Msg: fmt.Sprintf("the byte 0x%02x is not UTF-8; expected text in UTF-8", data[i])}
		}
		i += size
	}
	return nil
}

// splitRCLine splits the first line of data, with the lines it is joined to, into words. msg
// says what is wrong with it; rest is what follows in either case.
func splitRCLine(data []byte) (words []string, rest []byte, msg string) {
	var word strings.Builder
	inWord, quote := false, byte(0)
	flush := func() {
		if inWord {
			words = append(words, word.String())
			word.Reset()
			inWord = false
		}
	}
	i := 0
	for ; i < len(data); i++ {
		c := data[i]
		switch {
		case c == '\\' && quote != '\'':
			i++
			if i == len(data) {
				flush()
				return words, nil, ""
			}
			if data[i] != '\n' { // a joined line is nothing at all
				inWord = true
				word.WriteByte(data[i])
			}
		case c == '\n' && quote == 0:
			flush()
			return words, data[i+1:], ""
		case c == '\n':
			return nil, data[i+1:], "the quote " + string(quote) + " is not closed on its line"
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			word.WriteByte(c)
		case c == '\'' || c == '"':
			quote, inWord = c, true
		case c == ' ' || c == '\t' || c == '\r':
			flush()
		case c == '#' && !inWord:
			end := bytes.IndexByte(data[i:], '\n')
			if end < 0 {
				return words, nil, ""
			}
			return words, data[i+end+1:], ""
		default:
			inWord = true
			word.WriteByte(c)
		}
	}
	if quote != 0 {
		return nil, nil, "the quote " + string(quote) + " is not closed on its line"
	}
	flush()
	return words, nil, ""
}
