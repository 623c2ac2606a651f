package spdx

import (
	"context"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
)

// inputSHA512 is an output of "spdx.sha512".
const inputSHA512 = "sha512"

// runSHA512 is "spdx.sha512": input "file" (one file), output "sha512", its checksum in lower-case hexadecimal. It is an action of
// its own, because a file that does not change is read once, whatever its documents say.
func runSHA512(_ context.Context, call action.Call) error {
	var none struct{}
	if err := call.Params(&none); err != nil {
		return err
	}
	f, err := action.OnlyFile(call, "file")
	if err != nil {
		return err
	}
	in, err := call.Open(f)
	if err != nil {
		return err
	}
	defer in.Close()
	h := sha512.New()
	if _, err := io.Copy(h, in); err != nil {
		return err
	}
	return action.WriteOutput(call, inputSHA512, hex.AppendEncode(nil, h.Sum(nil)))
}

// hashedSHA512 is the artifact's SHA-512 as it was computed, else as it is declared.
func hashedSHA512(call action.Call, declared string) (string, error) {
	if len(call.Files(inputSHA512)) == 0 {
		return declared, nil
	}
	f, err := action.OnlyFile(call, inputSHA512)
	if err != nil {
		return "", err
	}
	b, err := call.Read(f, 1024)
	if err != nil {
		return "", err
	}
	if got := string(b); declared != "" && declared != got {
		return "", &diag.Error{Attr: "artifact", Msg: fmt.Sprintf("SHA-512 of the artifact is %s, but %s is declared", got, declared)}
	}
	return string(b), nil
}
