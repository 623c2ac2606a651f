package pin

import (
	"regexp"
	"strings"
)

// directive is a comment at a Dockerfile's top that says how it is read.
var directive = regexp.MustCompile(`(?i)^\s*#\s*(syntax|escape|check)\s*=\s*(\S+)\s*$`)

// stageNumber names a stage by where it stands.
var stageNumber = regexp.MustCompile(`^[0-9]+$`)

// dockerfile reads a Dockerfile: the base images of its stages, those that files are copied from, and the one that reads the Dockerfile itself.
type dockerfile struct {
	*scanner
	shell  *shell          // with the build arguments that stand before the first FROM: only these hold in a FROM
	stages map[string]bool // by name; a stage is no image
	begun  bool            // a stage has
	all    text
}

func (s *scanner) dockerfile() {
	d := &dockerfile{scanner: s, shell: &shell{scanner: s, vars: scope{}}, stages: map[string]bool{}, all: whole(s.src, 0)}
	escape := byte('\\')
	top := true // only directives so far
	for i := 0; i < len(s.src); {
		line := firstLine(s.src[i:])
		trimmed := strings.TrimSpace(line)
		if strings.HasPrefix(trimmed, "#") || trimmed == "" {
			m := directive.FindStringSubmatchIndex(strings.TrimRight(line, "\r"))
			top = top && m != nil
			if top {
				switch value := line[m[4]:m[5]]; strings.ToLower(line[m[2]:m[3]]) {
				case "escape":
					escape = value[0]
				case "syntax":
					s.image(d.expand(whole(value, i+m[4])), i+m[4])
				}
			}
			i += len(line) + 1
			continue
		}
		top = false
		var t text
		t, i = instruction(s.src, i, escape)
		for _, end := range d.instruction(t) {
			i = d.shell.hereDocument(d.all, i, end)
		}
	}
}

// instruction joins the lines of the instruction that begins at i; comments and empty lines may stand between them.
func instruction(src string, i int, escape byte) (text, int) {
	var b builder
	for more := true; more && i < len(src); {
		line := firstLine(src[i:])
		start := i
		i += len(line) + 1
		trimmed := strings.TrimRight(line, " \t\r")
		if len(b.s) > 0 && (strings.HasPrefix(strings.TrimSpace(line), "#") || trimmed == "") {
			continue
		}
		if more = strings.HasSuffix(trimmed, string(escape)); more {
			trimmed = trimmed[:len(trimmed)-1]
		}
		b.add(whole(trimmed, start))
		if more {
			b.addByte(' ', start+len(trimmed))
		}
	}
	return b.text(), min(i, len(src))
}

// instruction reads one; it returns what ends the here-documents that follow it.
func (d *dockerfile) instruction(t text) (ends []string) {
	words := fields(t)
	if len(words) == 0 {
		return nil
	}
	name := strings.ToUpper(words[0].s)
	if name == "ONBUILD" && len(words) > 1 {
		words = words[1:]
		name = strings.ToUpper(words[0].s)
	}
	args := words[1:]
	switch name {
	case "ARG":
		if !d.begun {
			for _, w := range args {
				d.argument(w)
			}
		}
	case "FROM":
		d.from(args)
	case "COPY", "ADD":
		for _, w := range args {
			if rest, ok := cutText(w, "--from="); ok {
				d.other(rest)
			}
		}
	case "RUN":
		for _, w := range args {
			if mount, ok := cutText(w, "--mount="); ok {
				for _, part := range split(mount, ',') {
					if rest, ok := cutText(part, "from="); ok {
						d.other(rest)
					}
				}
			}
		}
	}
	if name == "RUN" || name == "COPY" || name == "ADD" {
		for _, w := range args {
			if n := strings.Index(w.s, "<<"); n >= 0 && !strings.HasPrefix(w.s[n:], "<<<") && len(ends) < 16 {
				if end, _ := delimiter(w.s, n+2); end != "" {
					ends = append(ends, end)
				}
			}
		}
	}
	return ends
}

// argument notes the default of a build argument.
func (d *dockerfile) argument(w text) {
	m := assignment.FindString(w.s)
	if m == "" || len(w.s) > maxValue {
		return
	}
	d.shell.vars.set(strings.TrimRight(m, "+="), d.expand(w.slice(len(m), len(w.s))))
}

// expand replaces the build arguments in a word.
func (d *dockerfile) expand(t text) value {
	if t.s == "" {
		return value{}
	}
	w, _ := d.shell.word(t, 0, 0)
	return w.value
}

func (d *dockerfile) from(args []text) {
	for len(args) > 0 && strings.HasPrefix(args[0].s, "--") {
		args = args[1:]
	}
	d.begun = true
	if len(args) == 0 {
		return
	}
	if base := d.expand(args[0]); !d.stages[strings.ToLower(base.s)] {
		d.image(base, args[0].at[0])
	}
	if len(args) == 3 && strings.EqualFold(args[1].s, "AS") {
		d.stages[strings.ToLower(args[2].s)] = true
	}
}

// other adds the image that files are taken from, unless it is a stage.
func (d *dockerfile) other(t text) {
	if t.s != "" && !d.stages[strings.ToLower(t.s)] && !stageNumber.MatchString(t.s) {
		d.image(d.expand(t), t.at[0])
	}
}

// fields splits a text at its spaces, which quotes hold together.
func fields(t text) []text {
	var out []text
	quoted := byte(0)
	start := -1
	for i := 0; i < len(t.s); i++ {
		switch c := t.s[i]; {
		case quoted != 0:
			if c == quoted {
				quoted = 0
			}
		case c == ' ' || c == '\t':
			if start >= 0 {
				out = append(out, t.slice(start, i))
				start = -1
			}
			continue
		case c == '"' || c == '\'':
			quoted = c
		}
		if start < 0 {
			start = i
		}
	}
	if start >= 0 {
		out = append(out, t.slice(start, len(t.s)))
	}
	return out
}

// split splits a text at a byte.
func split(t text, at byte) []text {
	var out []text
	start := 0
	for i := range len(t.s) {
		if t.s[i] == at {
			out = append(out, t.slice(start, i))
			start = i + 1
		}
	}
	return append(out, t.slice(start, len(t.s)))
}

func cutText(t text, prefix string) (text, bool) {
	if !strings.HasPrefix(t.s, prefix) {
		return text{}, false
	}
	return t.slice(len(prefix), len(t.s)), true
}
