package action

import (
	"fmt"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// OnlyFile returns the file of an input that must have exactly one.
func OnlyFile(c Call, input string) (File, error) {
	files := c.Files(input)
	if len(files) != 1 {
		return File{}, &diag.Error{Msg: fmt.Sprintf("input %q has %d files, expected one", input, len(files))}
	}
	return files[0], nil
}

// WriteOutput makes content an output, whole and sealed. A validation, of which the findings are all that is wanted, has an
// output without content.
func WriteOutput(c Call, output string, content []byte) error {
	w, err := c.Create(output)
	if err != nil {
		return err
	}
	if _, err := w.Write(content); err != nil {
		w.Abort()
		return err
	}
	return w.Close()
}
