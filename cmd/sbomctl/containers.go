package main

import (
	"path/filepath"
	"sync"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sbomctl/sbomctl/engine/container"
	"github.com/sbomctl/sbomctl/engine/event"
	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/rules/registry"
)

// containerValues are the flags of the commands that may run a command in a container.
type containerValues struct {
	runtime string
	debug   bool
}

func (v *containerValues) register(fs *pflag.FlagSet) {
	names := runtimeNames()
	enumVar(fs, &v.runtime, "container_runtime", names[0], names, "run commands in containers by this program; what they make is kept as one thing, whichever it is")
	boolVar(fs, &v.debug, "sandbox_debug", false, "keep the files that a command in a container was run on, and say how to look around there")
}

// runner runs commands in containers. It opens and looks for nothing before the first one.
func runner(o options) *container.Runner {
	open := sync.OnceValues(func() (*registry.Images, error) { return images(o) })
	note := func(m string) { o.Events.Emit(event.Warning{Message: m}) }
	return &container.Runner{
		CacheDir: o.CacheDir, Runtime: container.Runtime(o.Container.runtime), Debug: o.Container.debug, Note: note,
		Source: func(image container.Image) (oci.Source, error) {
			layout := ""
			if image.Layout != "" {
				layout = filepath.Join(o.Root, filepath.FromSlash(image.Layout))
			}
			all, err := open()
			if err != nil {
				return nil, err
			}
			return all.Open(image.Repository, image.Insecure, layout)
		},
	}
}

// completeRuntimes completes the value of --container_runtime.
func completeRuntimes(cmd *cobra.Command) {
	_ = cmd.RegisterFlagCompletionFunc("container_runtime", completeWords(runtimeNames()...))
}

func runtimeNames() []string {
	var names []string
	for _, r := range container.Runtimes {
		names = append(names, string(r))
	}
	return names
}
