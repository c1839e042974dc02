// Package web owns the board: the single page app that is built from src/ into dist/, committed and embedded, so that
// building the program needs no Node. It serves files and nothing else; what the page shows comes from dashboards/api and
// the WebSocket. The handler is immutable after Handler returns and safe for concurrent use.
package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

//go:embed all:dist
var dist embed.FS

// policy lets the page run its own scripts and styles and talk to its own server, nothing else. No inline script or style
// is allowed, so a text that slipped through as markup could not run.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// asset is one file of the board, ready to be sent.
type asset struct {
	body, zipped []byte // zipped is nil where it would not be smaller
	contentType  string
	etag         string
	caching      string
}

// board is the set of files by URL path, and the page that every client route shows.
type board struct {
	assets map[string]*asset
	index  *asset
}

// Handler serves the board: files under assets/ carry a content hash in their name and may be cached for ever; the page itself
// must be asked for again. The paths /, /alerts, /customers/ID and /places/KEY all answer with the page; any other
// path is 404. Only GET and HEAD are allowed.
func Handler() http.Handler {
	b, err := load(dist)
	if err != nil {
		panic(err) // the files are part of this very binary
	}
	return b
}

func load(files fs.FS) (*board, error) {
	b := &board{assets: map[string]*asset{}}
	err := fs.WalkDir(files, "dist", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		url := strings.TrimPrefix(name, "dist")
		a, err := newAsset(url, body)
		b.assets[url] = a
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("load the board's files: %w", err)
	}
	if b.index = b.assets["/index.html"]; b.index == nil {
		return nil, fmt.Errorf("load the board's files: dist/index.html is missing: run 'make ui'")
	}
	return b, nil
}

func newAsset(url string, body []byte) (*asset, error) {
	sum := sha256.Sum256(body)
	a := &asset{
		body:        body,
		contentType: mime.TypeByExtension(path.Ext(url)),
		etag:        `"` + hex.EncodeToString(sum[:12]) + `"`,
		caching:     "no-cache",
	}
	if strings.HasPrefix(url, "/assets/") {
		a.caching = "public, max-age=31536000, immutable"
	}
	var zipped bytes.Buffer
	w, err := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
	if err != nil {
		return nil, fmt.Errorf("compress %s: %w", url, err)
	}
	if _, err = w.Write(body); err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("compress %s: %w", url, err)
	}
	if zipped.Len() < len(body)*9/10 {
		a.zipped = zipped.Bytes()
	}
	return a, nil
}

// ServeHTTP implements http.Handler.
func (b *board) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "the board can only be read", http.StatusMethodNotAllowed)
		return
	}
	a := b.find(r.URL.Path)
	if a == nil {
		http.Error(w, "there is no such page or file", http.StatusNotFound)
		return
	}
	a.send(w, r)
}

// find returns what a path shows, or nil. A key of a place may look like a file name (page:/a.html), so routes go first.
func (b *board) find(urlPath string) *asset {
	for _, route := range []string{"/customers/", "/places/"} {
		if strings.HasPrefix(urlPath, route) && len(urlPath) > len(route) {
			return b.index
		}
	}
	if urlPath == "/" || urlPath == "/alerts" {
		return b.index
	}
	return b.assets[urlPath]
}

func (a *asset) send(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", a.contentType)
	h.Set("Cache-Control", a.caching)
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Vary", "Accept-Encoding")
	body, etag := a.body, a.etag
	if a.zipped != nil && acceptsGzip(r.Header.Get("Accept-Encoding")) {
		body, etag = a.zipped, strings.TrimSuffix(a.etag, `"`)+`-gzip"`
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("ETag", etag)
	if matches(r.Header.Get("If-None-Match"), etag) {
		h.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", fmt.Sprint(len(body)))
	if r.Method == http.MethodHead {
		return
	}
	w.Write(body) //nolint:errcheck // the reader went away; there is nobody to tell
}

// acceptsGzip reads an Accept-Encoding header: gzip is named and not refused by q=0.
func acceptsGzip(header string) bool {
	for _, part := range strings.Split(header, ",") {
		coding, quality, _ := strings.Cut(part, ";")
		if strings.TrimSpace(coding) == "gzip" {
			_, q, found := strings.Cut(quality, "=")
			return !found || strings.Trim(strings.TrimSpace(q), "0.") != ""
		}
	}
	return false
}

func matches(ifNoneMatch, etag string) bool {
	for _, candidate := range strings.Split(ifNoneMatch, ",") {
		if strings.TrimPrefix(strings.TrimSpace(candidate), "W/") == etag {
			return true
		}
	}
	return false
}
