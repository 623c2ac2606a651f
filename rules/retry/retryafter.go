package retry

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxAfter is the longest time that is told: longer, or nonsense, is this.
const maxAfter = 365 * 24 * time.Hour

// Until says when a server wants to be asked again, for a message: "in 1h0m0s".
func Until(after time.Duration) string {
	if after >= maxAfter {
		return "in a year or later"
	}
	return "in " + after.String()
}

// After reads the header Retry-After, a number of seconds or a date. 0 says that there is none, or that it is past.
func After(header string, now time.Time) time.Duration {
	header = strings.TrimSpace(header)
	if header == "" {
		return 0
	}
	if strings.Trim(header, "0123456789") == "" {
		n, err := strconv.ParseInt(header, 10, 64)
		if err != nil || n > int64(maxAfter/time.Second) {
			return maxAfter
		}
		return time.Duration(n) * time.Second
	}
	at, err := http.ParseTime(header)
	if err != nil {
		return 0
	}
	return min(max(0, at.Sub(now)), maxAfter).Round(time.Second)
}
