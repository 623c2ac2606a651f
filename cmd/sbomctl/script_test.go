package main

import (
	"flag"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite the expected output in the scripts")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"sbomctl": main, "timeless": timeless, "diagnostics": diagnostics, "portless": portless})
}

// TestScripts runs testdata/script/*.txtar against the real command. A script starts in an
// empty folder with a home and a cache of its own.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "../../testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		Cmds:                scriptCommands,
		Condition:           scriptCondition,
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir+"/home")
			env.Setenv("GORACE", "atexit_sleep_ms=0") // else each command of a -race test waits for a second
			env.Setenv("SBOMCTL_DISTDIR", os.Getenv("SBOMCTL_DISTDIR"))
			return nil
		},
	})
}
