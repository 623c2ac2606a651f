package ident

import "strings"

// CPE is a parsed CPE 2.3 formatted string (NISTIR 7695, section 6.2): the eleven components
// after "cpe:2.3:", as written, escapes included.
type CPE struct {
	Part, Vendor, Product, Version, Update, Edition string
	Language                                        string
	SWEdition, TargetSW, TargetHW, Other            string
}

// cpeComponents names the components in their order, for messages.
var cpeComponents = [...]string{"part", "vendor", "product", "version", "update", "edition",
	"language", "sw_edition", "target_sw", "target_hw", "other"}

// cpeQuotable are the characters that a backslash may (and must, to be literal) precede.
const cpeQuotable = "\\*?!\"#$%&'()+,/:;<=>@[]^`{|}~"

// ParseCPE parses a CPE 2.3 formatted string.
func ParseCPE(s string) (CPE, error) {
	if len(s) > maxLength {
		return CPE{}, fail("CPE is longer than %d bytes", maxLength)
	}
	rest, ok := strings.CutPrefix(s, "cpe:2.3:")
	if !ok {
		e := fail("CPE %s does not begin with \"cpe:2.3:\"", excerpt(s))
		if strings.HasPrefix(s, "cpe:/") {
			e.Hints = []string{"this is the CPE 2.2 URI form; the formatted string of CPE 2.3 is expected"}
		}
		return CPE{}, e
	}
	parts := splitCPE(rest)
	if len(parts) != len(cpeComponents) {
		return CPE{}, fail("CPE %s has %d components after \"cpe:2.3:\", expected %d", excerpt(s), len(parts), len(cpeComponents))
	}
	for i, part := range parts {
		if msg := checkCPEComponent(i, part); msg != "" {
			return CPE{}, fail("CPE %s: %s %q %s", excerpt(s), cpeComponents[i], part, msg)
		}
	}
	return CPE{parts[0], parts[1], parts[2], parts[3], parts[4], parts[5], parts[6], parts[7], parts[8], parts[9], parts[10]}, nil
}

// splitCPE splits at colons that no backslash precedes.
func splitCPE(s string) []string {
	var parts []string
	start := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case ':':
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return append(parts, s[start:])
}

// checkCPEComponent returns what is wrong with component i, or "".
func checkCPEComponent(i int, s string) string {
	switch {
	case s == "*" || s == "-": // the logical values ANY and NA
		return ""
	case s == "":
		return `is empty; write "*" for any`
	case i == 0:
		if s != "a" && s != "o" && s != "h" {
			return `is not "a" (application), "o" (operating system) or "h" (hardware)`
		}
		return ""
	case cpeComponents[i] == "language":
		if !isCPELanguage(s) {
			return `is not a language tag such as "en" or "en-US"`
		}
		return ""
	}
	return checkCPEString(s)
}

// checkCPEString checks an attribute value: literal characters, with wildcards only at its ends
// (one "*", or any number of "?").
func checkCPEString(s string) string {
	body := trimCPEWildcards(s)
	if body == "" {
		return "consists of wildcards only"
	}
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case c == '\\':
			i++
			if i == len(body) || strings.IndexByte(cpeQuotable, body[i]) < 0 {
				return "has a backslash that quotes nothing that needs it"
			}
		case c == '*' || c == '?':
			return "has a wildcard that is not at its beginning or end"
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_':
		case strings.IndexByte(cpeQuotable, c) >= 0:
			return `has "` + string(rune(c)) + `" without a backslash before it`
		default:
			return "has a character that a CPE cannot hold"
		}
	}
	return ""
}

func trimCPEWildcards(s string) string {
	if strings.HasPrefix(s, "*") {
		s = s[1:]
	} else {
		s = strings.TrimLeft(s, "?")
	}
	// A wildcard at the end counts only when an even number of backslashes precedes it.
	if literal := strings.TrimRight(s, "?"); literal != s && !quotesNext(literal) {
		return literal
	} else if literal != s { // the first "?" is quoted, those behind it are wildcards
		return s[:len(literal)+1]
	}
	if literal, ok := strings.CutSuffix(s, "*"); ok && !quotesNext(literal) {
		return literal
	}
	return s
}

// quotesNext reports whether s ends in an odd number of backslashes.
func quotesNext(s string) bool {
	return (len(s)-len(strings.TrimRight(s, `\`)))%2 == 1
}

// isCPELanguage accepts what NISTIR 7695 takes from RFC 5646: a language of two or three letters,
// optionally "-" and a region of two letters or three digits.
func isCPELanguage(s string) bool {
	lang, region, hasRegion := strings.Cut(s, "-")
	return isAll(lang, isLetter) && (len(lang) == 2 || len(lang) == 3) &&
		(!hasRegion || isAll(region, isLetter) && len(region) == 2 || isAll(region, isDigit) && len(region) == 3)
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }

func isAll(s string, ok func(byte) bool) bool {
	for i := 0; i < len(s); i++ {
		if !ok(s[i]) {
			return false
		}
	}
	return true
}

// unquoteCPE returns a component without its backslashes.
func unquoteCPE(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// CPEOf reports whether s is a CPE 2.3 formatted string whose version component is version; where no version is
// known, that component is any.
func CPEOf(s, version string) error {
	c, err := ParseCPE(s)
	if err != nil {
		return err
	}
	if version == "" {
		if c.Version != "*" {
			return fail("CPE %s states version %q, and none is declared", excerpt(s), unquoteCPE(c.Version))
		}
		return nil
	}
	if got := unquoteCPE(c.Version); !strings.EqualFold(got, version) {
		return fail("CPE %s states version %q, expected %q", excerpt(s), got, version)
	}
	return nil
}

// QuoteCPE returns text as a component: with backslashes where they must be.
func QuoteCPE(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if strings.IndexByte(cpeQuotable, text[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(text[i])
	}
	return b.String()
}
