package web

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

func get(t *testing.T, path string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, r)
	return w.Result()
}

func text(t *testing.T, r io.Reader) string {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestClientRoutesShowThePage(t *testing.T) {
	page := text(t, get(t, "/").Body)
	for _, path := range []string{"/alerts", "/customers/cus_17", "/places/page:%2Fcheckout", "/places/page:%2Fa.html", "/places/element:button%23pay"} {
		res := get(t, path)
		if body := text(t, res.Body); res.StatusCode != http.StatusOK || body != page {
			t.Errorf("%s: status %d, not the page", path, res.StatusCode)
		}
		if got := res.Header.Get("Cache-Control"); got != "no-cache" {
			t.Errorf("%s: Cache-Control %q: a new version would not be seen", path, got)
		}
	}
}

func TestUnknownPathsAreNotThePage(t *testing.T) {
	for _, path := range []string{"/nothing", "/assets/gone.js", "/customers/", "/api/v1/risk", "/../web.go"} {
		if res := get(t, path); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: status %d, want 404", path, res.StatusCode)
		}
	}
}

func TestAssetsNamedByThePageExistAndAreCachedForEver(t *testing.T) {
	page := text(t, get(t, "/").Body)
	names := regexp.MustCompile(`/assets/[^"]+`).FindAllString(page, -1)
	if len(names) < 2 {
		t.Fatalf("the page names %v, want a script and a style", names)
	}
	for _, name := range names {
		res := get(t, name)
		if res.StatusCode != http.StatusOK || !strings.Contains(res.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: status %d, Cache-Control %q", name, res.StatusCode, res.Header.Get("Cache-Control"))
		}
	}
}

func TestNothingInlineIsAllowedAndNothingInlineIsThere(t *testing.T) {
	res := get(t, "/")
	if csp := res.Header.Get("Content-Security-Policy"); csp == "" || strings.Contains(csp, "unsafe") {
		t.Errorf("Content-Security-Policy %q", csp)
	}
	page := text(t, res.Body)
	if regexp.MustCompile(`<style|<script(?:[^>]*)>[^<]| style=| on[a-z]+=`).MatchString(page) {
		t.Error("the page holds inline script or style, which its own policy forbids")
	}
}

func TestGzipIsTheSameFile(t *testing.T) {
	plain := get(t, "/")
	zipped := get(t, "/", "Accept-Encoding", "br, gzip;q=0.8")
	if plain.Header.Get("Content-Encoding") != "" || zipped.Header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("encodings %q and %q", plain.Header.Get("Content-Encoding"), zipped.Header.Get("Content-Encoding"))
	}
	z, err := gzip.NewReader(zipped.Body)
	if err != nil {
		t.Fatal(err)
	}
	if text(t, z) != text(t, plain.Body) {
		t.Error("unpacked, it differs")
	}
	if plain.Header.Get("ETag") == zipped.Header.Get("ETag") {
		t.Error("two representations share one ETag")
	}
	if refused := get(t, "/", "Accept-Encoding", "gzip;q=0"); refused.Header.Get("Content-Encoding") != "" {
		t.Error("gzip was refused and sent all the same")
	}
}

func TestUnchangedPageIsNotSentAgain(t *testing.T) {
	etag := get(t, "/").Header.Get("ETag")
	res := get(t, "/", "If-None-Match", `"other", W/`+etag)
	if body := text(t, res.Body); res.StatusCode != http.StatusNotModified || body != "" {
		t.Errorf("status %d with %d bytes, want 304 without", res.StatusCode, len(body))
	}
	if res := get(t, "/", "If-None-Match", `"other"`); res.StatusCode != http.StatusOK {
		t.Errorf("status %d for another ETag", res.StatusCode)
	}
}

func TestOnlyReading(t *testing.T) {
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", nil))
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") == "" {
		t.Errorf("status %d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
	w = httptest.NewRecorder()
	Handler().ServeHTTP(w, httptest.NewRequest(http.MethodHead, "/", nil))
	if w.Code != http.StatusOK || w.Body.Len() != 0 || w.Header().Get("Content-Length") == "" {
		t.Errorf("HEAD: status %d, %d bytes, length %q", w.Code, w.Body.Len(), w.Header().Get("Content-Length"))
	}
}

func TestMissingBuildSaysWhatToDo(t *testing.T) {
	_, err := load(fstest.MapFS{"dist/favicon.svg": {Data: []byte("<svg/>")}})
	if err == nil || !strings.Contains(err.Error(), "make ui") {
		t.Errorf("error %v", err)
	}
}
