// Sharing makes a file that msgp generated read its strings with codec.ReadString, which copies nothing. msgp has no such option for
// types that are strings.
//
//	//go:generate go run touchwatch/ingest/codec/sharing msgp.go
package main

import (
	"bytes"
	"fmt"
	"os"
)

const (
	copying = "msgp.ReadStringBytes("
	shared  = "codec.ReadString("
	library = "\t\"github.com/tinylib/msgp/msgp\"\n"
	ours    = "\n\t\"touchwatch/ingest/codec\"\n"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: sharing FILE, a file that msgp generated")
		os.Exit(2)
	}
	if err := share(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "sharing:", err)
		os.Exit(1)
	}
}

// share rewrites the file in place.
func share(path string) error {
	source, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !bytes.Contains(source, []byte(copying)) || bytes.Count(source, []byte(library)) != 1 {
		return fmt.Errorf("%s reads no strings with %s…) or imports msgp in another way: look at what msgp generates now", path, copying)
	}
	source = bytes.ReplaceAll(source, []byte(copying), []byte(shared))
	source = bytes.Replace(source, []byte(library), []byte(library+ours), 1)
	return os.WriteFile(path, source, 0o644)
}
