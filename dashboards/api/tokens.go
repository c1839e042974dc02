package api

import (
	"bufio"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
)

// minTokenBytes keeps out tokens that can be guessed.
const minTokenBytes = 16

// Tokens are the static bearer tokens of a file: one per line, # begins a comment. It is safe for concurrent use.
type Tokens struct {
	path   string
	hashes atomic.Pointer[[][sha256.Size]byte]
}

// LoadTokens reads a token file. A file without a token, or with one shorter than 16 bytes or with a space inside, is an error that names the line.
func LoadTokens(path string) (*Tokens, error) {
	t := &Tokens{path: path}
	if err := t.Reload(); err != nil {
		return nil, err
	}
	return t, nil
}

// Reload reads the file again. When that fails, the tokens stay as they were.
func (t *Tokens) Reload() error {
	file, err := os.Open(t.path)
	if err != nil {
		return fmt.Errorf("token file: %w", err)
	}
	defer func() { _ = file.Close() }()
	var hashes [][sha256.Size]byte
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		line, _, _ := strings.Cut(lines.Text(), "#")
		token := strings.TrimSpace(line)
		switch {
		case token == "":
			continue
		case strings.ContainsAny(token, " \t"):
			return fmt.Errorf("token file %s line %d: a token has no spaces; one token per line", t.path, n)
		case len(token) < minTokenBytes:
			return fmt.Errorf("token file %s line %d: a token needs at least %d characters; make one with: openssl rand -hex 24", t.path, n, minTokenBytes)
		}
		hashes = append(hashes, sha256.Sum256([]byte(token)))
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("token file %s: %w", t.path, err)
	}
	if len(hashes) == 0 {
		return fmt.Errorf("token file %s holds no token; make one with: openssl rand -hex 24", t.path)
	}
	t.hashes.Store(&hashes)
	return nil
}

// Allows reports whether a token is in the file. It takes the same time for every token, so that nothing is learnt from how long it takes.
func (t *Tokens) Allows(token string) bool {
	sum, found := sha256.Sum256([]byte(token)), 0
	for _, h := range *t.hashes.Load() {
		found |= subtle.ConstantTimeCompare(sum[:], h[:])
	}
	return found == 1
}
