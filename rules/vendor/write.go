package vendor

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/aymanbagabas/go-udiff"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// diffText is a unified difference.
type diffText struct {
	text string
	line int // of the tree's file where it begins; 0 when that cannot be said
}

// head is the first lines of a difference, as hints.
func (d diffText) head(most int) []string {
	lines := strings.Split(strings.TrimRight(d.text, "\n"), "\n")
	if d.text == "" {
		return nil
	}
	if more := len(lines) - most; more > 1 {
		return append(lines[:most:most], fmt.Sprintf("... and %d lines more", more))
	}
	return lines
}

// difference is how the tree's file differs from upstream's.
func difference(r *FileResult) diffText {
	if !isText(r.want) || !isText(r.got) {
		return diffText{text: fmt.Sprintf("binary files differ: %d bytes upstream, %d bytes in the tree\n", len(r.want), len(r.got))}
	}
	if larger := max(len(r.want), len(r.got)); larger > maxDiff {
		return diffText{text: fmt.Sprintf("the files differ; the larger has %d bytes, and differences are shown up to %d\n", larger, maxDiff)}
	}
	text := udiff.Unified("a/"+first(r.Upstream, r.Path), "b/"+first(r.Upstream, r.Path), string(r.want), string(r.got))
	d := diffText{text: text}
	_, hunk, ok := strings.Cut(text, "\n@@ -")
	if !ok {
		return d
	}
	head, lines, _ := strings.Cut(hunk, "\n")
	if _, err := fmt.Sscanf(head[strings.IndexByte(head, '+'):], "+%d", &d.line); err != nil {
		return d
	}
	for ; strings.HasPrefix(lines, " "); d.line++ {
		_, lines, _ = strings.Cut(lines, "\n")
	}
	return d
}

// maxDiff bounds the files of which a difference is worked out, in bytes: it takes quadratic time at worst.
const maxDiff = 4 << 20

func isText(b []byte) bool { return bytes.IndexByte(b, 0) < 0 && utf8.Valid(b) }

// Diff returns how an unexplained file differs from upstream's; "" for any other.
func (r *FileResult) Diff() string {
	if r.Verdict != Unexpl || r.Upstream == "" {
		return ""
	}
	return difference(r).text
}

// Explaining returns the patch that would explain the unexplained files, for git apply in upstream's folder, and what it
// cannot explain. It is empty when there is nothing to explain.
func Explaining(res *Result, mapping map[string]string) (text []byte, left []error) {
	var b bytes.Buffer
	pairs := newPairing(mapping, nil)
	for i := range res.Files {
		r := &res.Files[i]
		if r.Verdict != Unexpl {
			continue
		}
		part, err := explaining(r, pairs)
		if err != nil {
			left = append(left, &diag.Error{Pos: diag.File(r.Path), Msg: err.Error()})
			continue
		}
		b.WriteString(part)
	}
	return b.Bytes(), left
}

func explaining(r *FileResult, pairs *pairing) (string, error) {
	switch {
	case r.want == nil && r.Upstream == "":
		u, ok := pairs.mapped(r.Path)
		if !ok {
			return "", errors.New("upstream has no such file, and without a mapping nobody knows what it would be called there; it is one for local")
		}
		r.Upstream = u
	case !isText(r.want) || !isText(r.got):
		return "", errors.New("a binary file is explained by no text patch; git diff --binary makes one")
	case max(len(r.want), len(r.got)) > maxDiff:
		return "", fmt.Errorf("the file is larger than %d bytes, of which no difference is worked out", maxDiff)
	}
	name := r.Upstream
	if strings.ContainsAny(name, "\t\n\"\\") {
		return "", fmt.Errorf("the name %q needs quotes that not every patch program reads", name)
	}
	from, header := "a/"+name, fmt.Sprintf("diff --git a/%s b/%s\n", name, name)
	if r.want == nil {
		from = "/dev/null"
		header += "new file mode 100644\n"
	}
	text := header + udiff.Unified(from, "b/"+name, string(r.want), string(r.got))
	// What is written must do what it is for.
	p, err := parsePatch("", []byte(text))
	if err != nil {
		return "", err
	}
	got, err := apply(p.files[0], r.want)
	if err != nil {
		return "", err
	}
	if !equalBytes(got, r.got) {
		return "", errors.New("the difference cannot be written as a patch")
	}
	return text, nil
}
