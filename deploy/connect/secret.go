package connect

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// maxSecretBytes bounds a password file, so that a wrong path (a log, a device) is an error and not a password.
const maxSecretBytes = 64 << 10

// secret returns the password, read from file when one is named. A line end at the end of the file is not part of it.
func secret(key, password, file string) (string, error) {
	if file == "" {
		return password, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return "", fmt.Errorf("%s_file: %w", key, err)
	}
	defer func() { _ = f.Close() }()
	buf, err := io.ReadAll(io.LimitReader(f, maxSecretBytes+1))
	if err != nil {
		return "", fmt.Errorf("%s_file: %w", key, err)
	}
	if len(buf) > maxSecretBytes {
		return "", fmt.Errorf("%s_file: %s is larger than %d bytes: not a password", key, file, maxSecretBytes)
	}
	text := strings.TrimRight(string(buf), "\r\n")
	if text == "" {
		return "", fmt.Errorf("%s_file: %s is empty", key, file)
	}
	return text, nil
}

// checkSecret reports a password that is given twice.
func checkSecret(key, password, file string) error {
	if password != "" && file != "" {
		return fmt.Errorf("%s: give either %s or %s_file, not both", key, key, key)
	}
	return nil
}

// hidden is what Redacted methods put in the place of a password.
const hidden = "***"

func redact(password string) string {
	if password == "" {
		return ""
	}
	return hidden
}
