package spdx

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/sbomctl/sbomctl/rules/ident"
)

// What the specification says of single values. Each function returns what is wrong, "" for nothing.

func notEmpty(s string) string {
	if s == "" {
		return "is empty"
	}
	return ""
}

func only(s, want string) string {
	if s != want {
		return fmt.Sprintf("is %.80q, expected %q", s, want)
	}
	return ""
}

func checkIDText(s string) string {
	if !isID(s) {
		return fmt.Sprintf(`is %.80q, expected "SPDXRef-" and letters, digits, "." and "-"`, s)
	}
	return ""
}

func checkDocumentRef(s string) string {
	rest, ok := strings.CutPrefix(s, "DocumentRef-")
	if !ok || rest == "" || strings.ContainsFunc(rest, func(r rune) bool { return r > 0x7f || r != '+' && !isIDByte(byte(r)) }) {
		return fmt.Sprintf(`is %.80q, expected "DocumentRef-" and letters, digits, ".", "+" and "-"`, s)
	}
	return ""
}

func checkDate(s string) string {
	if _, err := time.Parse("2006-01-02T15:04:05Z", s); err != nil {
		return fmt.Sprintf("is %.80q, expected a time in UTC, such as 2025-06-11T00:00:00Z", s)
	}
	return ""
}

func checkHex(s string) string {
	if s == "" || strings.Trim(s, "0123456789abcdefABCDEF") != "" {
		return fmt.Sprintf("is %.80q, expected hexadecimal digits", s)
	}
	return ""
}

func checkSHA1(s string) string {
	if checkHex(s) != "" || len(s) != 40 {
		return fmt.Sprintf("is %.80q, expected 40 hexadecimal digits", s)
	}
	return ""
}

// checkNamespace: an absolute URI without a fragment, because "#" leads from it to the elements.
func checkNamespace(s string) string {
	u, err := url.Parse(s)
	switch {
	case strings.Contains(s, "#"):
		return fmt.Sprintf(`is %.80q, and may not have a "#"`, s)
	case err != nil || !u.IsAbs():
		return fmt.Sprintf("is %.80q, expected an absolute URI", s)
	}
	return ""
}

func checkCreator(s string) string {
	for _, kind := range []string{"Person: ", "Organization: ", "Tool: "} {
		if rest, ok := strings.CutPrefix(s, kind); ok && strings.TrimSpace(rest) != "" {
			return ""
		}
	}
	return fmt.Sprintf(`is %.80q, expected "Person: NAME", "Organization: NAME" or "Tool: NAME"`, s)
}

func checkAgent(s string) string {
	if s == ident.NoAssertion || !strings.HasPrefix(s, "Tool: ") && checkCreator(s) == "" {
		return ""
	}
	return fmt.Sprintf(`is %.80q, expected "Person: NAME", "Organization: NAME" or NOASSERTION`, s)
}
