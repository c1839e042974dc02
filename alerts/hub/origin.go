package hub

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// CookieName is the cookie that may carry the token.
const CookieName = "touchwatch_token"

// originAllowed decides whether a page may connect: one that came from this very host, or from a configured origin. A request without
// an Origin does not come from a page; it is refused only when it carries a cookie, which a program has no reason to.
func originAllowed(r *http.Request, allowed []string) bool {
	origins := r.Header.Values("Origin")
	if len(origins) == 0 {
		_, err := r.Cookie(CookieName)
		return err != nil
	}
	if len(origins) > 1 {
		return false
	}
	u, err := url.Parse(origins[0])
	if err != nil || u.Host == "" {
		return false
	}
	return strings.EqualFold(u.Host, r.Host) || slices.ContainsFunc(allowed, func(a string) bool { return strings.EqualFold(a, origins[0]) })
}

// requestToken returns the token that came with the handshake, or "".
func requestToken(r *http.Request) string {
	if scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "bearer") {
		return strings.TrimSpace(token)
	}
	if cookie, err := r.Cookie(CookieName); err == nil {
		return cookie.Value
	}
	return ""
}
