package signals

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sbomctl/sbomctl/engine/files"
)

// TestHolder: what stands in real files.
func TestHolder(t *testing.T) {
	for line, want := range map[string]string{
		"Copyright (c) 2018-2023, Microsoft Research, Daan Leijen":                                 "Microsoft Research, Daan Leijen",
		"   Copyright (c) 1998-2000 Thai Open Source Software Center Ltd and Clark Cooper":         "Thai Open Source Software Center Ltd and Clark Cooper",
		" * Copyright (C) 1995, 1996, 1997, and 1998 WIDE Project.":                                "WIDE Project",
		"-- Copyright (c) IBM Corporation, 1981, 2008.  All rights reserved.   --":                 "IBM Corporation",
		"# SPDX-FileCopyrightText: Copyright (c) 2015-2021 MagicStack Inc.  http://magic.io":       "MagicStack Inc.",
		"// Copyright © 2020 Jane Doe <jane@example.org>":                                          "Jane Doe",
		"Copyright 1992-2018 Free Software Foundation, Inc.":                                       "Free Software Foundation, Inc.",
		"   (c) 2013  Marek Majkowski <marek@popcount.org>":                                        "Marek Majkowski",
		"dnl Copyright (C) 2001 The Regents of the University of California.":                      "Regents of the University of California",
		`i.e., "Copyright (c) 2001-2024 Python Software Foundation; All Rights Reserved"`:          "Python Software Foundation",
		"/* Copyright (c) 2010 by X. */":                                                           "X?",
		"retain the above copyright notice, this list of conditions and the following disclaimer.": "",
		"the copyright (c) holders decide":                                                         "",
		"Copyright (C) YEAR ORGANIZATION":                                                          "",
		"Copyright [yyyy] [name of copyright owner]":                                               "",
		"copyright infringement":                                                                   "",
		"foo(c) = 1":                                                                               "",
		"(c) the third item":                                                                       "",
		"Copyright 2020":                                                                           "",
	} {
		if want == "X?" { // one letter names nobody
			want = ""
		}
		got := ""
		for _, s := range Scan([]byte(line)) {
			if s.Kind == Copyright {
				got = s.Text
			}
		}
		if got != want {
			t.Errorf("%s\ngot  %q\nwant %q", line, got, want)
		}
	}
}

func TestScan(t *testing.T) {
	got := Scan([]byte("/* dtoa\r\n * SPDX-License-Identifier: MIT OR Apache-2.0 */\r\n" +
		"// Copyright (c)\n// 1995-2001 Corporation for National Research Initiatives; All Rights\n\n" +
		"# Licensed to PSF under a Contributor Agreement.\n" +
		"Permission is hereby granted, free of charge\nPermission is hereby granted again\nRedistribution and use in source and binary forms\n"))
	want := []Signal{{SPDX, 2, "MIT OR Apache-2.0"}, {Copyright, 4, "Corporation for National Research Initiatives"}, {Grant, 6, "PSF"}, {License, 7, "MIT"}, {License, 9, "BSD"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	for name, content := range map[string]string{
		"binary":   "Copyright (c) 2020 Somebody\x00",
		"far down": strings.Repeat("\n", MaxScan) + "Copyright (c) 2020 Somebody",
		"nothing":  "int main(void) { return 0; }",
	} {
		if got := Scan([]byte(content)); got != nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := Scan(bytes.Repeat([]byte("Copyright (c) 2020 Somebody\n"), 100)); len(got) != maxSignals {
		t.Errorf("%d signals, expected %d", len(got), maxSignals)
	}
}

// TestFacet: it does not matter in which pieces a file comes, and what came before it leaves nothing.
func TestFacet(t *testing.T) {
	content := []byte(strings.Repeat("x\n", 100) + "Copyright (c) 2020 Somebody\n" + strings.Repeat("y\n", MaxScan))
	h := files.NewHasher(Facet)
	for _, n := range []int{1, 7, 4096, len(content)} {
		h.Reset()
		for b := content; len(b) > 0; b = b[min(n, len(b)):] {
			h.Write(b[:min(n, len(b))])
		}
		got, err := Decode([]byte(h.Sum().Facet))
		if want := []Signal{{Copyright, 101, "Somebody"}}; err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("in pieces of %d: %+v, %v", n, got, err)
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add([]byte("SPDX-License-Identifier: MIT\nCopyright (c) 2020 Jane\n"))
	f.Add([]byte("Copyright (c)\n"))
	f.Add([]byte("\"copyright (c)licensed to x under agreement"))
	f.Add([]byte("\\u00a9 &copy;\xff 2020 \xc2"))
	f.Fuzz(func(t *testing.T, content []byte) {
		signals := Scan(content)
		b := Encode(nil, signals)
		got, err := Decode(b)
		if err != nil || !reflect.DeepEqual(got, signals) {
			t.Fatalf("%+v is decoded as %+v, %v", signals, got, err)
		}
		if len(b) > 4<<10 {
			t.Errorf("the facet has %d bytes", len(b))
		}
		lines := bytes.Count(content, []byte{'\n'}) + 1
		last := 0
		for _, s := range signals {
			if s.Text == "" || !utf8.ValidString(s.Text) || strings.ContainsAny(s.Text, "\n\r\x00") || s.Line > lines || s.Line < last {
				t.Errorf("%+v", s)
			}
			last = s.Line
		}
	})
}

func BenchmarkScan(b *testing.B) {
	content := []byte(strings.Repeat("static int foo(struct bar *c) { return c->value + 1; } /* a comment */\n", 230))
	s := new(scanner)
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		s.scan(content)
	}
}
