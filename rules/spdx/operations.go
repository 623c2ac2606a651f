package spdx

import (
	"github.com/sbomctl/sbomctl/engine/action"
)

// Bounds of what the operations read, in bytes. A wheel vendors some tens of packages.
const (
	maxMetadata  = 1 << 20
	maxChecksums = 512 << 20
)

// The names of outputs.
const (
	outputChecksums = "checksums"
	outputDocument  = "document"
)

// Operations returns the operations of this package, for the engine's registry.
func Operations() []action.Operation {
	return []action.Operation{
		{Name: "spdx.checksums", Version: 2, Run: runChecksums},
		{Name: "spdx.base", Version: 7, Run: runBase},
		{Name: "spdx.deps", Version: 7, Run: runDeps},
		{Name: "spdx.source", Version: 9, Run: runSource},
		{Name: "spdx.binary", Version: 8, Run: runBinary},
		{Name: "spdx.whole", Version: 7, Run: runWhole},
		{Name: "spdx.sha512", Version: 1, Run: runSHA512},
		{Name: "spdx.product", Version: 5, Run: runProduct},
		{Name: "spdx.valid", Version: 2, Run: runValid},
		{Name: "spdx.own", Version: 1, Run: runOwn},
		{Name: "spdx.version", Version: 10, Run: runVersion},
	}
}
