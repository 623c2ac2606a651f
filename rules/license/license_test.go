package license

import (
	"strings"
	"testing"
)

const mit = `Copyright (c) 2024 Somebody

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
`

const zeroBSD = `Permission to use, copy, modify, and/or distribute this software for any purpose
with or without fee is hereby granted.

THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH
REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF MERCHANTABILITY AND
FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT,
INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS
OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER
TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF
THIS SOFTWARE.
`

func TestPropose(t *testing.T) {
	file := func(name, text string) File { return File{name, []byte(text)} }
	for _, c := range []struct {
		name            string
		files           []File
		expression, why string
		choices         string
		notes           string
	}{
		{"none", nil, "NOASSERTION", "there is no licence file", "", ""},
		{"one", []File{file("COPYING", mit)}, "MIT", "COPYING is MIT (100% of it)", "", ""},
		{"unknown", []File{file("LICENSE", "You may do as you please, within reason.")}, "NOASSERTION", "LICENSE has no text of a known licence; read it", "", ""},
		{"one with terms of its own", []File{file("LICENSE", mit+strings.Repeat("It must not be used on Mondays by people with hats. ", 20))}, "NOASSERTION",
			"LICENSE is only partly known: MIT in 43% of it; read it", "", ""},
		{"two files", []File{file("LICENSE-MIT", mit), file("LICENSE-0BSD", zeroBSD)}, "NOASSERTION",
			"LICENSE-MIT is MIT (100% of it); LICENSE-0BSD is 0BSD (100% of it); nothing says whether all apply or one may be chosen", "0BSD AND MIT|0BSD OR MIT", ""},
		{"the same twice", []File{file("LICENSE", mit), file("COPYING", mit)}, "MIT", "LICENSE is MIT (100% of it); COPYING is MIT (100% of it)", "", ""},
		{"a tag", []File{file("LICENSE", "SPDX-License-Identifier: MIT OR (Apache-2.0 AND Zlib)\n")}, "MIT OR (Apache-2.0 AND Zlib)",
			"LICENSE states SPDX-License-Identifier: MIT OR (Apache-2.0 AND Zlib)", "", ""},
		{"a notice", []File{file("LICENSE", mit), file("NOTICE", "words")}, "MIT", "LICENSE is MIT (100% of it)", "", "NOTICE has notices that go with the licence"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := Propose(c.files)
			if p.Expression != c.expression || p.Why != c.why || strings.Join(p.Choices, "|") != c.choices || strings.Join(p.Notes, "|") != c.notes {
				t.Errorf("got %+v", p)
			}
		})
	}
}

// The text of a GPL is the same whether later versions may be chosen or not.
func TestOpen(t *testing.T) {
	for id, want := range map[string]bool{"GPL-2.0": true, "LGPL-2.1": true, "AGPL-3.0": true, "MIT": false, "GPL-2.0-only": false, "GPL-2.0-or-later": false} {
		if open(id) != want {
			t.Errorf("%s: %v", id, !want)
		}
	}
	var p Proposal
	p.decide([]Stated{{Path: "COPYING", Texts: []string{"GPL-2.0"}, Percent: 100}})
	if p.Expression != "" || strings.Join(p.Choices, "|") != "GPL-2.0-only|GPL-2.0-or-later" {
		t.Errorf("%+v", p)
	}
}

func TestTags(t *testing.T) {
	for text, want := range map[string]string{
		"// SPDX-License-Identifier: MIT":                                     "MIT",
		"/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */": "GPL-2.0-only WITH Linux-syscall-note",
		"# SPDX-License-Identifier: PSF-2.0 AND (MIT OR Apache-2.0)\r\n":      "PSF-2.0 AND (MIT OR Apache-2.0)",
		"<!-- SPDX-License-Identifier: CC0-1.0 -->":                           "CC0-1.0",
		"SPDX-License-Identifier: MIT\nSPDX-License-Identifier: Zlib\n":       "MIT|Zlib",
		"grep SPDX-License-Identifier: in the files":                          "",
		"SPDX-License-Identifier:":                                            "",
	} {
		if got := strings.Join(Tags([]byte(text)), "|"); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestFromTags(t *testing.T) {
	all := FromTags(map[string][]string{"a.c": {"MIT"}, "b.c": {"MIT"}}, 2)
	if all.Expression != "MIT" || all.Why != "each of the 2 files states SPDX-License-Identifier: MIT" {
		t.Errorf("%+v", all)
	}
	some := FromTags(map[string][]string{"a.c": {"MIT"}, "b.c": nil}, 2)
	if some.Expression != "NOASSERTION" || some.Why != "1 of 2 files state SPDX-License-Identifier: MIT, such as a.c" {
		t.Errorf("%+v", some)
	}
}

func TestIsFile(t *testing.T) {
	for name, want := range map[string]bool{
		"LICENSE": true, "LICENSE.txt": true, "License.rst": true, "COPYING.LESSER": true, "LICENSE-MIT": true, "LICENCE": true, "UNLICENSE": true, "COPYRIGHT": true,
		"license.c": false, "copying_gc.h": false, "NOTICE": false, "README": false, "LICENSE.html": false, "licensecheck": false,
	} {
		if IsFile(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}

func FuzzPropose(f *testing.F) {
	f.Add([]byte(mit))
	f.Add([]byte("SPDX-License-Identifier: MIT */"))
	f.Fuzz(func(t *testing.T, text []byte) {
		p := Propose([]File{{"LICENSE", text}})
		if p.Why == "" || p.Expression == "" {
			t.Errorf("%+v", p)
		}
	})
}
