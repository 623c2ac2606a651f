package signals

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// told is a library as a line for each place.
func told(libs []Library) (out []string) {
	for _, l := range libs {
		for _, p := range l.Places {
			r := p.Reasons[0]
			out = append(out, fmt.Sprintf("%s: %s, %s, %s: %s:%d %s", l.Name, p, l.Holder, l.License, r.Path, r.Line, r.Text))
		}
	}
	return out
}

// treeOf makes a tree of "path" and "path!" (known), each with its text.
func treeOf(texts map[string]string) []File {
	var out []File
	for p, text := range texts {
		path, known := strings.CutSuffix(p, "!")
		out = append(out, File{Path: path, Signals: Scan([]byte(text)), Known: known})
	}
	slices.SortFunc(out, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return out
}

const (
	own   = "Copyright (c) 2001 Own Foundation\n"
	other = "Copyright (c) 2018-2023, Microsoft Research, Daan Leijen\nlicensed under the terms of the MIT license\n"
	bsd   = "Copyright (c) 1990 The Regents of X University\nRedistribution and use in source and binary forms\n"
)

func TestFind(t *testing.T) {
	for name, c := range map[string]struct {
		tree map[string]string
		opt  Options
		want []string
	}{
		"a library in two folders": {map[string]string{"LICENSE": own, "src/a.c": "", "src/b.c": own,
			"Objects/mi/a.c": other, "Objects/mi/b.c": other, "Objects/mi/readme.md": "", "Objects/x.c": "", "Include/mi/a.h": other, "Include/mi/b.h": other, "Include/x.h": ""}, Options{},
			[]string{"mi: Include/mi/, Microsoft Research, Daan Leijen, MIT: Include/mi/a.h:1 copyright Microsoft Research, Daan Leijen",
				"mi: Objects/mi/, Microsoft Research, Daan Leijen, MIT: Objects/mi/a.c:1 copyright Microsoft Research, Daan Leijen"}},
		"claimed": {map[string]string{"LICENSE": own, "mi/a.c!": other, "mi/b.c!": other, "mi/COPYING!": ""}, Options{}, nil},
		"one file among the tree's own": {map[string]string{"LICENSE": own, "Python/dtoa.c": bsd, "Python/a.c": "", "Python/b.c": own, "Python/c.c": ""}, Options{},
			[]string{"dtoa: Python/dtoa.c, Regents of X University, BSD: Python/dtoa.c:1 copyright Regents of X University"}},
		"several files of one holder": {map[string]string{"LICENSE": own, "m/a.c": bsd, "m/b.c": bsd, "m/c.c": "", "m/d.c": "", "m/e.c": ""}, Options{},
			[]string{"a: a.c and 1 more of m/, Regents of X University, BSD: m/a.c:1 copyright Regents of X University"}},
		"both holders: a change by the tree's own": {map[string]string{"LICENSE": own, "Python/a.c": bsd + own}, Options{}, nil},
		"declared own": {map[string]string{"Python/a.c": bsd, "Python/b.c": ""}, Options{Own: []string{"Regents of X University, Inc."}}, nil},
		"a contributor, under the tree's licence": {map[string]string{"LICENSE": own + "Permission is hereby granted\n", "a/a.c": "Copyright 2020 Jane Doe\nMIT license\n", "a/b.c": "", "a/c.c": ""}, Options{}, nil},
		"a person, under another": {map[string]string{"LICENSE": own + "Permission is hereby granted\n", "a/a.c": "Copyright 2020 Jane Doe\nBSD license\n", "a/b.c": "", "a/c.c": ""}, Options{},
			[]string{"a: a/a.c, Jane Doe, BSD: a/a.c:1 copyright Jane Doe"}},
		"a contributor's agreement": {map[string]string{"LICENSE": own, "a/a.c": "Copyright 2020 Jane Doe\nBSD license\nLicensed to OWN under a Contributor Agreement\n"}, Options{}, nil},
		"a licence file in a folder": {map[string]string{"LICENSE": own, "x/lib/COPYING": "", "x/lib/a.c": "", "x/y.c": ""}, Options{},
			[]string{"lib: x/lib/, , : x/lib/COPYING:0 file COPYING"}},
		"a page about licences": {map[string]string{"LICENSE": own, "Doc/license.rst": "", "Doc/a.rst": "", "Doc/b.rst": ""}, Options{}, nil},
		"metadata": {map[string]string{"ext/lib/moz.yaml": "", "ext/lib/a.c": "", "ext/y.c": ""}, Options{},
			[]string{"lib: ext/lib/, , : ext/lib/moz.yaml:0 file moz.yaml"}},
		"third-party roots": {map[string]string{"LICENSE": own, "third_party/a/x.c": "", "third_party/b/y.c": own, "third_party/c.h": "", "third_party/d/z.c!": ""}, Options{Roots: []string{"third_party"}},
			[]string{"a: third_party/a/, , : third_party/a/x.c:0 below a folder of third-party code", "b: third_party/b/, , : third_party/b/y.c:0 below a folder of third-party code",
				"c: third_party/c.h, , : third_party/c.h:0 below a folder of third-party code"}},
		"two libraries side by side are two": {map[string]string{"LICENSE": own, "v/a/1.c": bsd, "v/a/2.c": bsd, "v/b/1.c": other, "v/b/2.c": other, "v/c/1.c": "Copyright 1 Third Inc\n", "v/c/2.c": "Copyright 1 Third Inc\n"}, Options{},
			[]string{"a: v/a/, Regents of X University, BSD: v/a/1.c:1 copyright Regents of X University", "b: v/b/, Microsoft Research, Daan Leijen, MIT: v/b/1.c:1 copyright Microsoft Research, Daan Leijen",
				"c: v/c/, Third Inc, : v/c/1.c:1 copyright Third Inc"}},
		"autotools": {map[string]string{"README": own, "configure": "", "config.sub": "# Copyright 1992 Free Software Foundation, Inc.\n", "install-sh": "# Copyright (C) 1994 X Consortium\n", "a.c": own}, Options{},
			[]string{"autotools: config.sub and 1 more at the top, Free Software Foundation, Inc., : config.sub:1 copyright Free Software Foundation, Inc."}},
		"one holder, called alike, or below": {map[string]string{"LICENSE": own, "Lib/a/x.py": "", "Lib/a/y.py": "", "Lib/a/z.py": "", "Lib/a/sql.c": bsd, "Lib/a/t/1.py": bsd, "Lib/a/t/2.py": "", "Lib/a/t/3.py": "", "Mod/_sql.c": bsd, "Mod/x.c": "", "Mod/y.c": ""}, Options{},
			[]string{"sql: Lib/a/sql.c, Regents of X University, BSD: Lib/a/sql.c:1 copyright Regents of X University", "sql: Lib/a/t/1.py, Regents of X University, BSD: Lib/a/t/1.py:1 copyright Regents of X University",
				"sql: Mod/_sql.c, Regents of X University, BSD: Mod/_sql.c:1 copyright Regents of X University"}},
		"SPDX lines of the tree's own": {map[string]string{"a/1.c": "SPDX-License-Identifier: MIT\n", "a/2.c": "SPDX-License-Identifier: MIT\n", "b/3.c": "SPDX-License-Identifier: MIT\n",
			"b/4.c": "SPDX-License-Identifier: BSD-3-Clause\n", "b/5.c": ""}, Options{},
			[]string{"4: b/4.c, , BSD-3-Clause: b/4.c:1 SPDX-License-Identifier: BSD-3-Clause"}},
		"nothing": {nil, Options{}, nil},
	} {
		if got := told(Find(treeOf(c.tree), c.opt)); !slices.Equal(got, c.want) {
			t.Errorf("%s:\ngot  %s\nwant %s", name, strings.Join(got, "\n     "), strings.Join(c.want, "\n     "))
		}
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[string]bool{"COPYING": true, "a/LICENSE.txt": true, "LICENSE-MIT": true, "COPYING.LIB": true, "LICENSE.md": true, "licenses": true,
		"license.py": false, "license.rst": false, "License.rtf": false, "licensed": false, "": false, ".": false} {
		if IsLicence(name) != want {
			t.Errorf("%q: %v", name, !want)
		}
	}
	for name, want := range map[string]bool{"a/METADATA": true, "a/x-1.dist-info/METADATA": false, "moz.yaml": true, "Moz.yaml": false} {
		if IsMetadata(name) != want {
			t.Errorf("%q: %v", name, !want)
		}
	}
}

// FuzzFind: any tree has an answer, in which each file lies once.
func FuzzFind(f *testing.F) {
	f.Add("a/b.c", "Copyright 2020 Jane Doe\n", "a/COPYING", "", "a")
	f.Add("third_party/x", "SPDX-License-Identifier: X\n", "third_party/x/y", "", "third_party")
	f.Fuzz(func(t *testing.T, p1, t1, p2, t2, root string) {
		files := []File{{Path: p1, Signals: Scan([]byte(t1))}, {Path: p2, Signals: Scan([]byte(t2))}}
		seen := map[string]int{}
		for _, l := range Find(files, Options{Own: []string{t2}, Roots: []string{root}}) {
			if len(l.Places) == 0 {
				t.Errorf("%+v lies nowhere", l)
			}
			for _, p := range l.Places {
				if len(p.Reasons) == 0 || len(p.Files) == 0 {
					t.Errorf("%+v", p)
				}
				for _, file := range p.Files {
					if seen[file]++; seen[file] > 1 && p1 != p2 {
						t.Errorf("%q is told twice", file)
					}
				}
			}
		}
	})
}
