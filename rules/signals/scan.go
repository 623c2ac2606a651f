package signals

import (
	"bytes"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Kind is what sort of thing a file says of its origin.
type Kind uint8

// The kinds.
const (
	Copyright Kind = iota + 1 // Text is the holder: "Microsoft Research, Daan Leijen"
	SPDX                      // Text is the expression behind SPDX-License-Identifier
	License                   // Text names a licence whose words were found: "MIT"
	Grant                     // Text is to whom the file was licensed by a contributor: "PSF"
)

// Signal is one thing that a file says.
type Signal struct {
	Kind Kind
	Line int // from 1
	Text string
}

// Bounds of what is read of a file: a notice stands at its head.
const (
	MaxScan    = 16 << 10 // bytes
	maxSignals = 12       // of a file
	maxText    = 100      // bytes of a signal
)

// Scan returns what the first MaxScan bytes of a file say of its origin, in the order of lines. A file with a NUL byte in
// them says nothing.
func Scan(content []byte) []Signal { return new(scanner).scan(content) }

// scanner scans one file after another; it is scratch memory.
type scanner struct {
	head  []byte // of a file that is written to it, see Facet
	lower []byte // a line and the next one
	at    []int
}

func (s *scanner) scan(content []byte) []Signal {
	if len(content) > MaxScan {
		content = content[:MaxScan]
	}
	if bytes.IndexByte(content, 0) >= 0 {
		return nil
	}
	s.at = appendWords(s.at[:0], content)
	var out []Signal
	var named []string // licences
	line, start, done := 1, 0, 0
	for _, at := range s.at {
		if at < done { // in a line that was looked at
			continue
		}
		begin := bytes.LastIndexByte(content[:at], '\n') + 1
		line += bytes.Count(content[start:begin], []byte{'\n'})
		start = begin
		done = lineEnd(content, begin)
		text, next := content[begin:done], content[done:lineEnd(content, done)]
		s.toLower(content[begin : done+len(next)])
		low, nextLow := s.lower[:len(text)], s.lower[len(text):]
		add := func(kind Kind, line int, text string) {
			if len(out) < maxSignals {
				out = append(out, Signal{kind, line, text})
			}
		}
		if text, ok := spdxID(text, low); ok {
			add(SPDX, line, text)
			continue
		}
		if text, ok := grant(text, low); ok {
			add(Grant, line, text)
			continue
		}
		if who, ok := holder(string(text), string(low)); ok {
			add(Copyright, line, who)
		} else if bytes.HasSuffix(bytes.TrimSpace(low), []byte("copyright (c)")) { // it goes on in the next line
			if who, ok := holder("(c) "+string(next), "(c) "+string(nextLow)); ok {
				add(Copyright, line+1, who)
			}
		}
		if name := licenseWords(low); name != "" && !slices.Contains(named, name) {
			named = append(named, name)
			add(License, line, name)
		}
	}
	return out
}

// lineEnd returns where the line ends that begins at i, its newline included.
func lineEnd(b []byte, i int) int {
	if n := bytes.IndexByte(b[i:], '\n'); n >= 0 {
		return i + n + 1
	}
	return len(b)
}

// toLower keeps a copy of b in lower case, for ASCII, so that offsets are the same.
func (s *scanner) toLower(b []byte) {
	s.lower = append(s.lower[:0], b...)
	for i, c := range s.lower {
		if c-'A' < 26 {
			s.lower[i] = c + 'a' - 'A'
		}
	}
}

// spdxID returns the expression of a line "SPDX-License-Identifier: MIT".
func spdxID(line, low []byte) (string, bool) {
	const tag = "spdx-license-identifier:"
	i := bytes.Index(low, []byte(tag))
	if i < 0 {
		return "", false
	}
	text := clean(string(line[i+len(tag):]))
	for _, end := range []string{"*/", "-->", "#}", "%>"} {
		text = strings.TrimSpace(strings.TrimSuffix(text, end))
	}
	return text, text != ""
}

// grant returns "PSF" of a line "Licensed to PSF under a Contributor Agreement."
func grant(line, low []byte) (string, bool) {
	i := bytes.Index(low, []byte("licensed to "))
	if i < 0 {
		return "", false
	}
	rest := low[i+len("licensed to "):]
	end := bytes.Index(rest, []byte(" under "))
	if end <= 0 || !bytes.Contains(rest[end:], []byte("agreement")) {
		return "", false
	}
	text := clean(string(line[i+len("licensed to "):][:end]))
	return strings.TrimPrefix(text, "the "), text != ""
}

// notice is where a copyright notice begins in a line: behind what comments begin with.
const commentMarks = " \t\r/*#;%!|-+=<>.:,'\"\\(){}[]&~@$_"

// holder returns whose copyright a line states. Prose about copyright is none: the notice stands at the line's beginning
// and has a year or a copyright sign.
func holder(text, lower string) (string, bool) {
	// A licence tells others to keep a notice, which it quotes.
	if i := strings.Index(lower, `"copyright (c)`); i > 0 {
		text, lower = text[i:], lower[i:]
	}
	trim := func(n int) { text, lower = text[n:], lower[n:] }
	sign := false
	for again := true; again; {
		again = false
		// "(c)" begins with what comments begin with, too.
		for len(lower) > 0 && strings.IndexByte(commentMarks, lower[0]) >= 0 && !strings.HasPrefix(lower, "(c)") {
			trim(1)
		}
		for _, w := range []string{"dnl ", "rem ", "portions ", "parts ", "this file is ", "this code is ", "spdx-filecopyrighttext:"} {
			if strings.HasPrefix(lower, w) {
				trim(len(w))
				again = true
			}
		}
	}
	word := false
	for again := true; again; {
		again = false
		for _, w := range []string{"copyright", "(c)", "©", "\\u00a9", "&copy;"} {
			if strings.HasPrefix(lower, w) {
				if w == "copyright" {
					word = true
				} else {
					sign = true
				}
				trim(len(w))
				again = true
			}
		}
		if t := strings.TrimLeft(lower, " \t:,"); again && len(t) < len(lower) {
			trim(len(lower) - len(t))
		}
	}
	if !word && !sign {
		return "", false
	}
	const years = "0123456789 \t,-–~/'\"&"
	rest := strings.TrimLeft(lower, years)
	for strings.HasPrefix(rest, "and ") { // 1995, 1996, 1997, and 1998 WIDE Project
		rest = strings.TrimLeft(rest[len("and "):], years)
	}
	year := strings.ContainsAny(lower[:len(lower)-len(rest)], "0123456789")
	if !year && !(word && sign) {
		return "", false
	}
	trim(len(lower) - len(rest))
	for _, w := range []string{"present", "by ", "the "} {
		if strings.HasPrefix(lower, w) {
			trim(len(w))
			for len(lower) > 0 && strings.IndexByte(" ,", lower[0]) >= 0 {
				trim(1)
			}
		}
	}
	end := len(text)
	for _, stop := range []string{"all rights", "<", "(", "http", "licensed", ";", "*/", "this file", "this software", "\\n", "distributed under", " see "} {
		if i := strings.Index(lower[:end], stop); i >= 0 {
			end = i
		}
	}
	text = clean(strings.ReplaceAll(text[:sentence(lower[:end])], "®", ""))
	if t := strings.TrimRight(text, "0123456789-,. "); strings.HasPrefix(text[len(t):], ",") { // IBM Corporation, 1981, 2008
		text = t
	}
	if t := strings.TrimRight(text, ","); !abbreviated(strings.ToLower(t)) {
		text = strings.TrimRight(t, ".")
	} else {
		text = t
	}
	return text, len(text) > 2 && !placeholder(text)
}

// sentence returns where the first sentence of a text in lower case ends, behind its full stop.
func sentence(lower string) int {
	for i := 0; ; {
		n := strings.Index(lower[i:], ". ")
		if n < 0 {
			return len(lower)
		}
		if i += n + 1; !abbreviated(lower[:i]) {
			return i
		}
	}
}

// abbreviated reports whether a text in lower case ends in "inc." or an initial, and not at the end of a sentence.
func abbreviated(lower string) bool {
	word, ok := strings.CutSuffix(lower[strings.LastIndexByte(lower, ' ')+1:], ".")
	return ok && (len(word) == 1 || slices.Contains([]string{"inc", "ltd", "co", "corp", "llc", "jr", "dr"}, word))
}

// placeholder reports whether a holder is a template's, or no name at all.
func placeholder(holder string) bool {
	l := strings.ToLower(holder)
	for _, p := range []string{"year", "yyyy", "[", "{", "$", "%", "name of ", "your name", "author's name", "holder"} {
		if strings.HasPrefix(l, p) {
			return true
		}
	}
	return !strings.ContainsFunc(holder, unicode.IsLetter)
}

// phrases are words of licences that stand in one line, and what those licences are called.
var phrases = []struct {
	words []byte
	name  string
}{
	{[]byte("permission is hereby granted"), "MIT"},
	{[]byte("mit licen"), "MIT"},
	{[]byte("terms of the mit"), "MIT"},
	{[]byte("redistribution and use in source"), "BSD"},
	{[]byte("zero-clause bsd"), "0BSD"},
	{[]byte("bsd licen"), "BSD"},
	{[]byte("bsd-style"), "BSD"},
	{[]byte("lesser general public"), "LGPL"},
	{[]byte("gnu general public"), "GPL"},
	{[]byte("apache license"), "Apache"},
	{[]byte("mozilla public"), "MPL"},
	{[]byte("permission to use, copy"), "HPND"},
	{[]byte("permission to copy"), "HPND"},
	{[]byte("unlimited permission"), "FSF"},
	{[]byte("provided 'as-is'"), "Zlib"},
	{[]byte("public domain"), "public domain"},
	{[]byte("creative commons"), "Creative Commons"},
}

func licenseWords(low []byte) string {
	for _, p := range phrases {
		if bytes.Contains(low, p.words) {
			return p.name
		}
	}
	return ""
}

// clean makes a text of foreign origin one line of bounded length, without what comments begin and end with.
func clean(s string) string { return strings.Trim(oneLine(s), " *#/\\-=|\"'`") }

// oneLine makes a text of foreign origin one line of bounded length.
func oneLine(s string) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == '\ufeff' }), " ")
	if len(s) > maxText {
		s = s[:maxText]
		for !utf8.ValidString(s) && len(s) > maxText-utf8.UTFMax {
			s = s[:len(s)-1]
		}
	}
	return strings.ToValidUTF8(s, "?")
}
