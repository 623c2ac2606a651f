package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sbomctl/sbomctl/engine/diag"
)

var shells = []string{"bash", "zsh", "fish"}

func (a *app) completionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "completion bash|zsh|fish",
		Short: "print a shell's completion script",
		Long: `Prints the script that makes the shell complete commands, flags and labels.

  bash: source <(sbomctl completion bash)
  zsh:  sbomctl completion zsh > "${fpath[1]}/_sbomctl"
  fish: sbomctl completion fish | source`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("completion takes one shell: bash, zsh or fish")
			}
			switch root := cmd.Root(); args[0] {
			case "bash":
				return root.GenBashCompletionV2(a.stdout, true)
			case "zsh":
				return root.GenZshCompletion(a.stdout)
			case "fish":
				return root.GenFishCompletion(a.stdout, true)
			}
			return usage(`unknown shell "` + args[0] + `"; expected bash, zsh or fish` + diag.DidYouMean(args[0], shells))
		},
		ValidArgsFunction: completeWords(shells...),
	}
}

// completeWords completes the first argument, or a flag's value, with one of a few words.
func completeWords(words ...string) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
		var out []string
		for _, w := range words {
			if len(args) == 0 && strings.HasPrefix(w, prefix) {
				out = append(out, w)
			}
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	}
}

// prepareCompletion readies the flags for cobra's completion of word: the negative ones are offered to whoever has
// typed their beginning, and texts lose the marks of their placeholders.
func prepareCompletion(cmd *cobra.Command, word string) {
	visit := func(f *pflag.Flag) {
		f.Usage = strings.ReplaceAll(f.Usage, "`", "")
		if _, ok := f.Value.(*negated); ok && strings.HasPrefix(word, "--no") {
			f.Hidden = false
		}
	}
	cmd.PersistentFlags().VisitAll(visit)
	cmd.Flags().VisitAll(visit)
	for _, c := range cmd.Commands() {
		prepareCompletion(c, word)
	}
}

// completeOverride completes LABEL=PATH.
func (a *app) completeOverride(cmd *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
	if label, path, ok := strings.Cut(prefix, "="); ok {
		a.undouble()
		_ = a.enter() // the path is relative to the folder of -C
		return completePath(label+"=", path), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
	labels, _ := a.completeLabels(cmd, args, prefix)
	var out []string
	for _, l := range labels {
		switch {
		case strings.HasSuffix(l, "...") || strings.HasSuffix(l, ":all"): // patterns
		case strings.HasSuffix(l, "/") || strings.HasSuffix(l, ":"):
			out = append(out, l)
		default:
			out = append(out, l+"=")
		}
	}
	return out, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

// completePath returns the files and folders that path may become, each after before. A shell would look for one
// whose name starts with all that was typed.
func completePath(before, path string) []string {
	dir, start := filepath.Split(path)
	look := expandHome(dir)
	if look == "" {
		look = "."
	}
	entries, _ := os.ReadDir(look)
	var out []string
	for _, e := range entries {
		name := e.Name()
		if !strings.HasPrefix(name, start) || start == "" && strings.HasPrefix(name, ".") {
			continue
		}
		if info, err := os.Stat(filepath.Join(look, name)); err == nil && info.IsDir() {
			name += "/"
		}
		out = append(out, before+dir+name)
	}
	return out
}

func (a *app) completeOneLabel(cmd *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.completeLabels(cmd, args, prefix)
}

// undouble takes back that cobra parses the flags twice before it asks for completions, which
// doubles -C: the second folder would be looked for in the first.
func (a *app) undouble() {
	dirs := a.flags.dirs
	if half := len(dirs) / 2; slices.Equal(dirs[:half], dirs[half:]) {
		a.flags.dirs = dirs[:half]
	}
}

// completeLabels asks the workspace. Whatever is wrong there is not said: a shell has no place for it.
func (a *app) completeLabels(cmd *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
	const none = cobra.ShellCompDirectiveNoFileComp
	a.undouble()
	if a.enter() != nil || a.root == "" || a.applyRC(cmd) != nil {
		return nil, none
	}
	o, err := a.options(nil)
	if err != nil {
		return nil, none
	}
	o.ReadOnly = true // whoever presses tab does not wait for a build
	label, negative := strings.CutPrefix(strings.TrimPrefix(prefix, shield), "-")
	var labels []string
	_ = a.withWorkspace(o, func(_ context.Context, w workspace) error {
		labels, err = w.Complete(label, a.cwdPkg)
		return err
	})
	directive := none
	for i, l := range labels {
		if strings.HasSuffix(l, "/") || strings.HasSuffix(l, ":") {
			directive |= cobra.ShellCompDirectiveNoSpace
		}
		if negative {
			labels[i] = "-" + l
		}
	}
	return labels, directive
}
