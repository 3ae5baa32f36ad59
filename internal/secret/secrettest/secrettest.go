package secrettest

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
)

// AssertAbsent fails the test for every secret that output contains: literally, escaped for a URL or for JSON, in
// base64 (as in a Basic header) or in hex. The failure names the secret by its position, never by its text. A secret
// under 6 bytes is refused, for it would be found by chance.
func AssertAbsent(t testing.TB, output string, secrets ...string) {
	t.Helper()
	for i, secret := range secrets {
		if len(secret) < 6 {
			t.Errorf("canary %d is shorter than 6 bytes: use a longer one", i)
			continue
		}
		if shape := leakedAs(output, secret); shape != "" {
			t.Errorf("canary %d leaks (%s) in output of %d bytes: redact it before it is printed", i, shape, len(output))
		}
	}
}

// AssertErrorClean is AssertAbsent over every printed form of err. A nil error passes.
func AssertErrorClean(t testing.TB, err error, secrets ...string) {
	t.Helper()
	if err != nil {
		AssertAbsent(t, err.Error(), secrets...)
	}
}

func leakedAs(output, secret string) string {
	quoted, _ := json.Marshal(secret) // a string always encodes
	shapes := []struct{ name, text string }{
		{"as it is", secret},
		{"escaped for a query", url.QueryEscape(secret)},
		{"escaped for a path", url.PathEscape(secret)},
		{"escaped for JSON", strings.Trim(string(quoted), `"`)},
		{"base64", base64.RawStdEncoding.EncodeToString([]byte(secret))},
		{"base64 for URLs", base64.RawURLEncoding.EncodeToString([]byte(secret))},
		{"hex", hex.EncodeToString([]byte(secret))},
	}
	for _, shape := range shapes {
		if strings.Contains(output, shape.text) {
			return shape.name
		}
	}
	return ""
}
