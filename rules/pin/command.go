package pin

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

var (
	// before are the words that may stand before a command.
	before = []string{"!", "{", "command", "do", "elif", "else", "env", "exec", "if", "nohup", "sudo", "then", "time", "until", "while"}
	// declaring are the commands that assign variables.
	declaring = []string{"declare", "export", "local", "readonly", "typeset"}
	// speaking are the commands whose words are only text.
	speaking = []string{":", "[", "[[", "echo", "printf", "test"}
)

// command takes the assignments and images out of a command.
func (sh *shell) command(words []word) {
	for _, w := range words {
		sh.literals(w.text, w.use)
	}
	words = splitVariables(words)
	i := 0
	for i < len(words) && slices.Contains(before, words[i].s) {
		i++
	}
	for i < len(words) && sh.assign(words[i]) {
		i++
	}
	if i == len(words) {
		return
	}
	switch first := words[i].s; {
	case slices.Contains(declaring, first):
		for _, w := range words[i+1:] {
			sh.assign(w)
		}
	case first == "for" && len(words) > i+3 && words[i+2].s == "in":
		for _, w := range words[i+3:] {
			sh.vars.set(words[i+1].s, w.value)
		}
	case slices.Contains(speaking, first):
	case first == "eval":
		var b builder
		for _, w := range words[i+1:] {
			b.add(w.text)
			b.addByte(' ', w.use)
		}
		sh.inner(b.text())
	default:
		for ; i < len(words); i++ {
			if isRuntime(words[i]) {
				sh.runtime(words[i+1:])
				return
			}
			if slices.Contains(shells, path.Base(words[i].s)) {
				sh.shellCommand(words[i+1:])
				return
			}
		}
	}
}

// splitVariables takes a variable that is no text of quotes apart at its spaces, as a shell does: DOCKER="sudo docker".
func splitVariables(words []word) []word {
	spaces := func(w word) bool { return w.only != "" && !w.quoted && strings.ContainsAny(w.s, " \t\n") }
	if !slices.ContainsFunc(words, spaces) {
		return words
	}
	var out []word
	for _, w := range words {
		if !spaces(w) {
			out = append(out, w)
			continue
		}
		start := -1
		for i := 0; i <= len(w.s); i++ {
			switch space := i == len(w.s) || strings.IndexByte(" \t\n", w.s[i]) >= 0; {
			case space && start >= 0:
				out = append(out, word{value: value{w.slice(start, i), w.unknown}, use: w.use})
				start = -1
			case !space && start < 0:
				start = i
			}
		}
	}
	return out
}

var shells = []string{"ash", "bash", "dash", "ksh", "sh", "zsh"}

// shellCommand reads the command that a shell is begun with: sh -ec COMMAND.
func (sh *shell) shellCommand(words []word) {
	for i, w := range words {
		if !strings.HasPrefix(w.s, "-") && !strings.HasPrefix(w.s, "+") {
			return // a script, or the value of an option
		}
		if !strings.HasPrefix(w.s, "--") && strings.HasSuffix(w.s, "c") && i+1 < len(words) {
			sh.inner(words[i+1].text)
			return
		}
	}
}

// inner reads the command of another shell, which knows the variables of this one if they are exported.
func (sh *shell) inner(t text) {
	if sh.deep >= maxInner || !sh.spend(len(t.s)) {
		return
	}
	(&shell{scanner: sh.scanner, vars: sh.vars, deep: sh.deep + 1}).script(t, 0)
}

// assign notes the assignment that a word is.
func (sh *shell) assign(w word) bool {
	m := assignment.FindString(w.s)
	if m == "" {
		return false
	}
	name := strings.TrimRight(m, "+=")
	v := value{w.slice(len(m), len(w.s)), w.unknown}
	if strings.HasSuffix(m, "+=") {
		if old, ok := sh.use(name); ok {
			var b builder
			b.add(old.text)
			b.add(v.text)
			v.text = b.text()
		}
	}
	if len(v.s) > maxValue {
		v = value{v.slice(0, 0), "$" + name}
	}
	sh.vars.set(name, v)
	return true
}

var runtimes = []string{"docker", "nerdctl", "podman"}

// runtimeVariable is how scripts call the variable that a container runtime is in.
var runtimeVariable = regexp.MustCompile(`(?i)^\$[({]?\w*(runtime|docker|podman|container|engine)\w*[)}]?$`)

// mayRun reports whether a script can have a command that runs a container: by the name of a runtime, or by a variable that has it.
func mayRun(s string) bool {
	for _, r := range runtimes {
		if strings.Contains(s, r) {
			return true
		}
	}
	return strings.IndexByte(s, '$') >= 0 && (strings.Contains(s, "run") || strings.Contains(s, "create") || strings.Contains(s, "pull"))
}

// isRuntime reports whether a word is the command of a container runtime.
func isRuntime(w word) bool {
	if w.unknown != "" {
		return runtimeVariable.MatchString(w.s)
	}
	return slices.Contains(runtimes, strings.TrimSuffix(path.Base(w.s), ".exe"))
}

// Options of container runtimes that take no value; all others do, unless they have one behind "=".
var (
	flagOptions = []string{"--all-tags", "--debug", "--detach", "--disable-content-trust", "--env-host", "--help", "--http-proxy", "--init", "--interactive", "--latest",
		"--no-healthcheck", "--no-hostname", "--no-hosts", "--oom-kill-disable", "--passwd", "--privileged", "--publish-all", "--quiet", "--read-only", "--read-only-tmpfs",
		"--remote", "--replace", "--rm", "--rmi", "--sig-proxy", "--tls-verify", "--tty", "--unsetenv-all", "--use-api-socket"}
	flagLetters = "DPdiqt"
)

// runtime finds the image in the words behind the name of a container runtime.
func (sh *shell) runtime(words []word) {
	words = withoutOptions(words)
	if len(words) > 0 && (words[0].s == "container" || words[0].s == "image") {
		words = withoutOptions(words[1:])
	}
	if len(words) == 0 {
		return
	}
	switch words[0].s {
	case "create", "run":
	case "pull":
		for rest := withoutOptions(words[1:]); len(rest) > 0; rest = withoutOptions(rest[1:]) {
			sh.named(rest[0])
		}
		return
	default:
		return
	}
	if words = withoutOptions(words[1:]); len(words) > 0 {
		sh.named(words[0])
	}
}

// named adds the image that a word names: of a variable, all that it may stand for.
func (sh *shell) named(w word) {
	if values := sh.vars[w.only]; w.only != "" && len(values) > 1 {
		for _, v := range values {
			if sh.spend(len(v.s)) {
				sh.image(v, w.use)
			}
		}
		return
	}
	sh.image(w.value, w.use)
}

// withoutOptions is the words from the first that is no option, nor the value of one.
func withoutOptions(words []word) []word {
	for len(words) > 0 {
		s := words[0].s
		switch {
		case s == "--":
			return words[1:]
		case !strings.HasPrefix(s, "-") || s == "-":
			if s == "" && words[0].unknown == "" { // "$OPTIONS", which is empty
				words = words[1:]
				continue
			}
			return words
		case strings.HasPrefix(s, "--"):
			if !strings.Contains(s, "=") && !slices.Contains(flagOptions, s) {
				words = words[1:]
			}
		default:
			// -it, -w/src, -w /src: a letter that is no flag takes the rest, or the next word.
			letters := strings.TrimLeft(s[1:], flagLetters)
			if len(letters) == 1 {
				words = words[1:]
			}
		}
		if len(words) > 0 {
			words = words[1:]
		}
	}
	return words
}
