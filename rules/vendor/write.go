package vendor

import (
	"bytes"
	"compress/zlib"
	"crypto/sha1"
	"errors"
	"fmt"
	"strings"

	"github.com/bluekeyes/go-gitdiff/gitdiff"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/linediff"
)

// diffText is a unified difference.
type diffText struct {
	text string
	line int // of the tree's file where it begins; 0 when that cannot be said
}

// head is the first lines of a difference.
func (d diffText) head(most int) []string {
	if d.text == "" {
		return nil
	}
	lines := strings.Split(strings.TrimRight(strings.ToValidUTF8(d.text, "\ufffd"), "\n"), "\n")
	for i, l := range lines {
		if len(l) > maxLine {
			lines[i] = strings.ToValidUTF8(l[:maxLine], "") + "..."
		}
	}
	if more := len(lines) - most; more > 1 {
		return append(lines[:most:most], fmt.Sprintf("... and %d lines more", more))
	}
	return lines
}

// maxLine bounds a line of a difference in a finding, in bytes.
const maxLine = 400

// difference is how the tree's file differs from upstream's.
func difference(r *FileResult) diffText {
	if !isText(r.want) || !isText(r.got) {
		return diffText{text: fmt.Sprintf("binary files differ: %d bytes upstream, %d bytes in the tree\n", len(r.want), len(r.got))}
	}
	name := first(r.Upstream, r.Path)
	text := linediff.Unified("a/"+name, "b/"+name, r.want, r.got)
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

// isText is git's question, too: is there a NUL?
func isText(b []byte) bool { return bytes.IndexByte(b, 0) < 0 }

// Diff returns how an unexplained file differs from upstream's; "" for any other.
func (r *FileResult) Diff() string {
	if r.Verdict != Unexpl || r.Upstream == "" || r.large || r.got == nil {
		return ""
	}
	return difference(r).text
}

// Explaining returns the patch that would explain the unexplained files, for git apply in upstream's folder, on top of the
// declared ones, and what it cannot explain. It is empty when there is nothing to explain. The comparison must have kept contents.
func Explaining(res *Result) (text []byte, left []error) {
	var b bytes.Buffer
	for i := range res.Files {
		r := &res.Files[i]
		if r.Verdict != Unexpl {
			continue
		}
		part, err := explaining(r, res.pairs)
		if err != nil {
			left = append(left, &diag.Error{Pos: diag.File(r.Path), Msg: err.Error()})
			continue
		}
		b.WriteString(part)
	}
	return b.Bytes(), left
}

func explaining(r *FileResult, pairs *pairing) (string, error) {
	if r.large {
		return "", fmt.Errorf("the file has more than %d bytes, of which no difference is worked out", MaxFileBytes)
	}
	name := r.Upstream
	if name == "" {
		if len(nearest(r.Path, pairs.byName[base(r.Path)])) > 1 {
			return "", errors.New("nobody can say which of upstream's files this is; mapping says it")
		}
		if name = pairs.newName(r.Path); name == "" {
			return "", errors.New("upstream has no such file, and nobody knows what it would be called there; say so with mapping, or make it local")
		}
	}
	text := change(name, r)
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

// change is one file of a patch in git's format.
func change(name string, r *FileResult) string {
	var b strings.Builder
	fmt.Fprintf(&b, "diff --git %s %s\n", quoted("a/"+name), quoted("b/"+name))
	if r.want == nil {
		mode := 0o100644
		if r.executable {
			mode = 0o100755
		}
		fmt.Fprintf(&b, "new file mode %o\n", mode)
	}
	if isText(r.want) && isText(r.got) {
		if r.want == nil && len(r.got) == 0 {
			fmt.Fprintf(&b, "index %s..%s\n", objectID(nil), objectID(r.got)) // git takes it for a change by this line
		}
		from := quoted("a/" + name)
		if r.want == nil {
			from = "/dev/null"
		}
		to := quoted("b/" + name)
		if strings.Contains(name, " ") && to[0] != '"' { // so that patch finds where the name ends
			from, to = from+"\t", to+"\t"
		}
		b.WriteString(linediff.Unified(from, to, r.want, r.got))
		return b.String()
	}
	fmt.Fprintf(&b, "index %s..%s\nGIT binary patch\n%s%s", objectID(r.want), objectID(r.got), literal(r.got), literal(r.want))
	return b.String()
}

// quoted is a file's name as git writes it.
func quoted(name string) string {
	if !strings.ContainsAny(name, "\"\\\t\n\r") {
		return name
	}
	return `"` + strings.NewReplacer(`"`, `\"`, `\`, `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`).Replace(name) + `"`
}

// objectID is git's name of a file's content; zeros for no file. git takes a binary patch only with it.
func objectID(b []byte) string {
	if b == nil {
		return strings.Repeat("0", 2*sha1.Size)
	}
	h := sha1.New()
	fmt.Fprintf(h, "blob %d\x00", len(b))
	h.Write(b)
	return fmt.Sprintf("%x", h.Sum(nil))
}

// literal is the whole of a binary file, not compressed: what a compressor makes changes with its version.
func literal(b []byte) string {
	var z bytes.Buffer
	w, err := zlib.NewWriterLevel(&z, zlib.NoCompression)
	if err == nil {
		_, err = w.Write(b)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(err) // the level is valid, and memory can be written to
	}
	return (&gitdiff.BinaryFragment{Method: gitdiff.BinaryPatchLiteral, Size: int64(len(b)), RawData: z.Bytes()}).String()
}
