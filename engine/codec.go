package engine

import (
	"errors"

	"github.com/sbomctl/sbomctl/engine/record"
)

// errDamaged says that a recorded value is not what this package wrote.
var errDamaged = errors.New("damaged record")

func appendString(b []byte, s string) []byte { return record.AppendString(b, s) }
