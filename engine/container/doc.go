// Package container runs commands in container images: it is the action.Runner of commands.
//
// # Model
//
// A command's action.Spec says by its platform which image it runs in, and where in that its tree lies. A Runner
//
//	reads the platform     job.go      what is asked for, and whether this machine can do it
//	gets the image         image.go    from the store below the cache, a layout or a registry, and unpacked (engine/rootfs)
//	lays out the tree      work.go     in a folder of its own below <cache>/v1/sandbox: exactly the input root
//	runs the command       sandbox.go  under bubblewrap (engine/sandbox), or docker.go under Docker or Podman
//	collects the outputs   collect.go  into the content-addressed store, and, where it is asked for, listing.go what else is there
//	removes the folder
//
// What the command sees is the image, read-only, its tree, and the environment of image and Spec; nothing of this machine reaches
// it but the kernel, the number of processors and, where it is declared, the network. Which program makes the container is no part of the key.
//
// # Failure
//
// A command that fails, makes no output, or is killed for a limit is an error with the end of what it printed, and the place of the whole
// log. Its folder is removed, unless Debug keeps it. A folder that a killed process left is removed by the next one that runs a
// command: each has a lock, which is free then.
//
// # Perturbation
//
// A Spec that asks for it (action.PropertyPerturb) is run with everything changed that an output must not depend on (perturb.go). What could
// not be changed is said in the listing.
package container
