package signals

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// File is a file of a tree and what Scan said of it.
type File struct {
	Path    string // slash-separated, relative to the tree's root
	Signals []Signal
	Known   bool // somebody says whose it is: a package's, or the tree's own
}

// Options say what is known of a tree.
type Options struct {
	Own   []string // holders whose files are the tree's own, beside those that Holders learns
	Roots []string // folders below which everything is of other people
}

// Library is code that looks vendored, and where it lies.
type Library struct {
	Name    string  // what its folder or file is called
	Holder  string  // whose copyright most of its files state; "" when none does
	License string  // what most of its files say of their licence: an SPDX expression, or a word such as "BSD"; "" when nothing
	Places  []Place // at least one, by path
}

// Place is a folder or some files of one.
type Place struct {
	Path    string   // the folder, or the only file; "" is the tree's root
	Folder  bool     // all of the folder; else Files lie in it, or are it
	Files   []string // those that nobody claims, by path
	Reasons []Reason // why it is here, the most telling first
}

// Reason is something that a file says or is called.
type Reason struct {
	Path string
	Line int    // from 1; 0 when it is the file's name that says it
	Text string // "copyright Microsoft Research, Daan Leijen"
}

// maxReasons is how many reasons a place has.
const maxReasons = 3

// Find returns what looks vendored among files, by the path of the first place. Files that are known count for what is
// learnt of the tree, and for nothing else.
func Find(files []File, opt Options) []Library {
	f := &finder{own: append(Holders(files), normalAll(opt.Own)...), terms: terms(files), spdx: ownSPDX(files), roots: opt.Roots}
	f.tree(files)
	f.visit(f.dirs[""])
	return f.libraries()
}

// finder gathers the places of one tree.
type finder struct {
	own   []string // normalised holders
	terms []string // licences that the tree's own licence has the words of
	spdx  string   // the tree's own SPDX expression
	roots []string
	dirs  map[string]*dir
	found []candidate
}

// candidate is a place before places of one library are put together.
type candidate struct {
	name, holder, license string
	place                 Place
}

// dir is a folder with the files that nobody claims.
type dir struct {
	path    string
	dirs    []*dir
	files   []*judged // directly in it
	n, k    int       // files below it; those of other people
	holders map[string]int
}

// judged is a file and what its signals amount to.
type judged struct {
	*File
	score   int // 0 own or silent, 1 of somebody else, 2 with a licence of its own
	holder  string
	license string
	named   bool // its name says that it is of somebody else
	reasons []Reason
}

// tree sorts files into folders.
func (f *finder) tree(files []File) {
	f.dirs = map[string]*dir{}
	f.dir("")
	for i := range files {
		if files[i].Known {
			continue
		}
		j := f.judge(&files[i])
		parent := f.dir(dirOf(j.Path))
		parent.files = append(parent.files, j)
		for d := parent; ; d = f.dirs[dirOf(d.path)] {
			d.n++
			if j.score > 0 {
				d.k++
				if j.holder != "" {
					d.holders[normal(j.holder)]++
				}
			}
			if d.path == "" {
				break
			}
		}
	}
	for _, d := range f.dirs {
		slices.SortFunc(d.dirs, func(a, b *dir) int { return cmp.Compare(a.path, b.path) })
		slices.SortFunc(d.files, func(a, b *judged) int { return cmp.Compare(a.Path, b.Path) })
	}
}

func (f *finder) dir(p string) *dir {
	if d := f.dirs[p]; d != nil {
		return d
	}
	d := &dir{path: p, holders: map[string]int{}}
	f.dirs[p] = d
	if p != "" {
		parent := f.dir(dirOf(p))
		parent.dirs = append(parent.dirs, d)
	}
	return d
}

// dirOf is path.Dir, but for "" at the top.
func dirOf(p string) string {
	i := strings.LastIndexByte(p, '/')
	return p[:max(i, 0)]
}

// judge says what a file's signals amount to.
func (f *finder) judge(file *File) *judged {
	j := &judged{File: file}
	own := false
	for _, s := range file.Signals {
		switch s.Kind {
		case Copyright:
			if f.isOwn(s.Text) {
				own = true
				continue
			}
			if j.holder == "" {
				j.holder = s.Text
			}
			j.score = max(j.score, 1)
			j.reasons = append(j.reasons, Reason{file.Path, s.Line, "copyright " + s.Text})
		case Grant:
			own = true
		case SPDX:
			if s.Text == f.spdx {
				own = own || j.score == 0
				continue
			}
			j.license = s.Text
			j.reasons = append(j.reasons, Reason{file.Path, s.Line, "SPDX-License-Identifier: " + s.Text})
		case License:
			if j.license == "" {
				j.license = s.Text
			}
		}
	}
	if own {
		return &judged{File: file}
	}
	if j.license != "" && len(j.reasons) > 0 {
		j.score = 2
	}
	below := dirOf(file.Path) != ""
	switch {
	case IsMetadata(file.Path) && below, IsLicence(file.Path) && below:
		j.named = true
		j.score = max(j.score, 1)
		j.reasons = append(j.reasons, Reason{file.Path, 0, "file " + path.Base(file.Path)})
	}
	return j
}

func (f *finder) isOwn(holder string) bool {
	h := normal(holder)
	return slices.ContainsFunc(f.own, func(o string) bool { return strings.Contains(h, o) || len(h) > 3 && strings.Contains(o, h) })
}

// visit looks for the topmost folders that are one library each; what is left over are single files.
func (f *finder) visit(d *dir) {
	if d.k == 0 && len(f.roots) == 0 {
		return
	}
	if f.oneLibrary(d) {
		var files []*judged
		collect(d, &files)
		f.add(path.Base(d.path), d.path, true, files)
		return
	}
	for _, sub := range d.dirs {
		f.visit(sub)
	}
	loose := map[string][]*judged{} // by holder
	for _, j := range d.files {
		switch {
		case f.below(d.path):
			loose["\x00"+j.Path] = append(loose["\x00"+j.Path], j)
		case j.score > 0 && isAutotools(j.Path):
			loose["autotools"] = append(loose["autotools"], j)
		case j.score == 2 && !f.contributed(j):
			loose[normal(j.holder)] = append(loose[normal(j.holder)], j)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(loose)) {
		files := loose[key]
		switch {
		case key == "autotools":
			f.add(key, d.path, false, files)
		case len(files) == 1:
			f.add(stem(files[0].Path), files[0].Path, false, files)
		case strings.Contains(d.path, "/"):
			f.add(path.Base(d.path), d.path, false, files)
		default: // a folder of everything
			f.add(stem(files[0].Path), d.path, false, files)
		}
	}
}

// alike is a place's name without what the parts of one library differ by.
func alike(name string) string {
	n := strings.TrimPrefix(strings.Trim(strings.ToLower(name), "_"), "test_")
	return cmp.Or(strings.TrimRight(n, "0123456789"), n)
}

// stem is what a single file is called: its name without the ending, or that of its folder when it says what the folder is.
func stem(file string) string {
	base := path.Base(file)
	if dir := dirOf(file); dir != "" && (IsLicence(file) || strings.HasPrefix(strings.ToLower(base), "readme")) {
		return path.Base(dir)
	}
	return cmp.Or(strings.TrimSuffix(base, path.Ext(base)), base)
}

// contributed reports whether a file that stands alone was likely written for this tree: a person's, under terms that
// the tree's own licence has, too.
func (f *finder) contributed(j *judged) bool {
	return slices.Contains(f.terms, j.license) && !organisation(j.holder)
}

var organisations = []string{"inc", "ltd", "llc", "gmbh", "corp", "corporation", "company", "foundation", "project", "university", "institute", "laboratories",
	"labs", "technologies", "systems", "software", "research", "regents", "group", "team", "consortium", "authors", "contributors", "industries", "ag", "ab", "w3c"}

func organisation(holder string) bool {
	return slices.ContainsFunc(strings.FieldsFunc(strings.ToLower(holder), func(r rune) bool { return !('a' <= r && r <= 'z' || '0' <= r && r <= '9') }),
		func(w string) bool { return slices.Contains(organisations, w) })
}

// below reports whether everything in a folder is of other people by declaration.
func (f *finder) below(p string) bool {
	return slices.ContainsFunc(f.roots, func(r string) bool { return p == r || strings.HasPrefix(p, r+"/") })
}

// oneLibrary reports whether most of a folder is of one and the same somebody else.
func (f *finder) oneLibrary(d *dir) bool {
	if d.path == "" || slices.Contains(f.roots, d.path) {
		return false
	}
	if slices.Contains(f.roots, dirOf(d.path)) {
		return true
	}
	if slices.ContainsFunc(d.files, func(j *judged) bool { return j.named }) {
		return true
	}
	if d.k < 2 || 2*d.k < d.n {
		return false
	}
	if slices.ContainsFunc(d.dirs, func(sub *dir) bool { return sub.k == d.k }) {
		return false // all of it lies further down
	}
	most := 0
	for _, n := range d.holders {
		most = max(most, n)
	}
	return 2*most >= d.k
}

func collect(d *dir, to *[]*judged) {
	*to = append(*to, d.files...)
	for _, sub := range d.dirs {
		collect(sub, to)
	}
}

// add notes a place.
func (f *finder) add(name, at string, folder bool, files []*judged) {
	slices.SortFunc(files, func(a, b *judged) int { return cmp.Compare(a.Path, b.Path) })
	holders, licenses := map[string]int{}, map[string]int{}
	p := Place{Path: at, Folder: folder}
	texts := map[string]bool{}
	byScore := slices.Clone(files)
	slices.SortStableFunc(byScore, func(a, b *judged) int { return b.weight() - a.weight() })
	for _, j := range byScore {
		for _, r := range j.reasons {
			if !texts[r.Text] && len(p.Reasons) < maxReasons {
				texts[r.Text] = true
				p.Reasons = append(p.Reasons, r)
			}
		}
	}
	for _, j := range files {
		p.Files = append(p.Files, j.Path)
		if j.holder != "" {
			holders[j.holder]++
		}
		if j.license != "" {
			licenses[j.license]++
		}
		if isBuild(j.Path) && len(p.Reasons) < maxReasons {
			p.Reasons = append(p.Reasons, Reason{j.Path, 0, "file " + path.Base(j.Path)})
		}
	}
	if len(p.Reasons) == 0 {
		p.Reasons = []Reason{{p.Files[0], 0, "below a folder of third-party code"}}
	}
	f.found = append(f.found, candidate{name, mostOf(holders), mostOf(licenses), p})
}

// weight orders files by how much they say.
func (j *judged) weight() int {
	w := 2 * j.score
	if j.named {
		w += 3
	}
	return w
}

// mostOf returns the most frequent key, the smallest of several.
func mostOf(counts map[string]int) string {
	best := ""
	for _, k := range slices.Sorted(maps.Keys(counts)) {
		if best == "" || counts[k] > counts[best] {
			best = k
		}
	}
	return best
}

// libraries puts together the places of one holder that are called alike (sqlite3, _sqlite and test_sqlite3), or of which one lies
// below another.
func (f *finder) libraries() []Library {
	var out []Library
	slices.SortStableFunc(f.found, func(a, b candidate) int { return cmp.Compare(a.place.Path, b.place.Path) })
	type key struct{ holder, what string }
	byName, byDir := map[key]int{}, map[key]int{} // positions in out
	for _, c := range f.found {
		holder, dir := normal(c.holder), c.place.dir()
		i, ok := byName[key{holder, alike(c.name)}]
		for d := dirOf(dir); !ok && strings.Contains(d, "/"); d = dirOf(d) { // folders at the top hold everything
			i, ok = byDir[key{holder, d}]
		}
		if ok && holder != "" {
			out[i].Places = append(out[i].Places, c.place)
		} else {
			i = len(out)
			out = append(out, Library{c.name, c.holder, c.license, []Place{c.place}})
		}
		note := func(m map[key]int, what string) {
			if _, ok := m[key{holder, what}]; !ok {
				m[key{holder, what}] = i
			}
		}
		note(byName, alike(c.name))
		note(byDir, dir)
	}
	return out
}

// dir is the folder of a place.
func (p Place) dir() string {
	if p.Folder || len(p.Files) > 1 {
		return p.Path
	}
	return dirOf(p.Path)
}

// Holders returns whose tree it is, as far as its own files say: the holders that the licence and the README at its top
// state. Where those state none, it is the holder of most files that state one.
func Holders(files []File) []string {
	var own []string
	counts := map[string]int{}
	stating := 0
	for i := range files {
		f := &files[i]
		top := dirOf(f.Path) == "" && (IsLicence(f.Path) || strings.HasPrefix(strings.ToLower(f.Path), "readme"))
		stated := map[string]bool{}
		for _, s := range f.Signals {
			if s.Kind == Copyright {
				if h := normal(s.Text); h != "" {
					stated[h] = true
				}
			}
		}
		for h := range stated {
			counts[h]++
			if top && !slices.Contains(own, h) {
				own = append(own, h)
			}
		}
		if len(stated) > 0 {
			stating++
		}
	}
	if len(own) == 0 {
		if h := mostOf(counts); 2*counts[h] > stating {
			own = append(own, h)
		}
	}
	slices.Sort(own)
	return own
}

// terms returns the licences whose words the licence at the tree's top has.
func terms(files []File) []string {
	var out []string
	for i := range files {
		if f := &files[i]; dirOf(f.Path) == "" && IsLicence(f.Path) {
			for _, s := range f.Signals {
				if s.Kind == License {
					out = append(out, s.Text)
				}
			}
		}
	}
	return out
}

// ownSPDX returns the SPDX expression that more than a quarter of all files carry, and most that carry any.
func ownSPDX(files []File) string {
	counts := map[string]int{}
	n := 0
	for i := range files {
		for _, s := range files[i].Signals {
			if s.Kind == SPDX {
				counts[s.Text]++
				n++
				break
			}
		}
	}
	if e := mostOf(counts); 2*counts[e] > n && 4*counts[e] > len(files) {
		return e
	}
	return ""
}

// normal is a holder's name without what differs from line to line.
func normal(holder string) string {
	var b strings.Builder
	for _, w := range strings.FieldsFunc(strings.ToLower(holder), func(r rune) bool { return r <= ' ' || strings.ContainsRune(",.;:\"'`-", r) }) {
		switch w {
		case "the", "and", "inc", "ltd", "llc", "gmbh", "corp", "corporation", "contributors", "authors", "et", "al", "others":
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(w)
	}
	return b.String()
}

func normalAll(holders []string) []string {
	var out []string
	for _, h := range holders {
		if n := normal(h); n != "" {
			out = append(out, n)
		}
	}
	return out
}

// String returns where the place is: "Objects/mimalloc/", "Python/dtoa.c", "constants.py and 2 more of Lib/asyncio/".
func (p Place) String() string {
	switch {
	case p.Folder:
		return p.Path + "/"
	case len(p.Files) == 1:
		return p.Files[0]
	case p.Path == "":
		return fmt.Sprintf("%s and %d more at the top", p.Files[0], len(p.Files)-1)
	}
	return fmt.Sprintf("%s and %d more of %s", path.Base(p.Files[0]), len(p.Files)-1, p.Path+"/")
}
