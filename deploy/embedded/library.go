package embedded

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// LibraryVariable names the environment variable that holds the path of libchdb.
const LibraryVariable = "TOUCHWATCH_LIBCHDB"

// ErrNoLibrary is wrapped by FindLibchdb when there is no library: the program runs on without history.
var ErrNoLibrary = errors.New("the ClickHouse engine (libchdb) is not installed, so there is no history: run `make chdb` (needs npm), " +
	"or set " + LibraryVariable + " to the path of libchdb.so")

// libraryPackages are the npm packages that bring the library, by operating system and architecture.
var libraryPackages = map[string]string{
	"linux/amd64": "lib-linux-x64-gnu", "linux/arm64": "lib-linux-arm64-gnu",
	"darwin/amd64": "lib-darwin-x64", "darwin/arm64": "lib-darwin-arm64",
}

// FindLibchdb returns the path of the engine's library. It looks at the environment variable TOUCHWATCH_LIBCHDB, then
// into the given folders, then into .cache/chdb of the working folder, of the folders above it and of the program's own
// folder and the one above. A variable that points nowhere is an error of its own and is not passed over.
func FindLibchdb(folders ...string) (string, error) {
	if path := os.Getenv(LibraryVariable); path != "" {
		if !isFile(path) {
			return "", fmt.Errorf("%s is set to %s, but there is no such file", LibraryVariable, path)
		}
		return path, nil
	}
	name, ok := libraryPackages[runtime.GOOS+"/"+runtime.GOARCH]
	if !ok {
		return "", fmt.Errorf("there is no ClickHouse engine (libchdb) for %s/%s, so there is no history", runtime.GOOS, runtime.GOARCH)
	}
	for _, folder := range append(folders, cacheFolders()...) {
		for _, inside := range []string{"", filepath.Join("node_modules", "@chdb", name)} {
			for _, file := range []string{"libchdb.so", "libchdb.dylib"} {
				if path := filepath.Join(folder, inside, file); isFile(path) {
					return path, nil
				}
			}
		}
	}
	return "", ErrNoLibrary
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// cacheFolders are where `make chdb` may have put the library, nearest first.
func cacheFolders() []string {
	var folders []string
	if dir, err := os.Getwd(); err == nil {
		for {
			folders = append(folders, filepath.Join(dir, ".cache", "chdb"))
			above := filepath.Dir(dir)
			if above == dir {
				break
			}
			dir = above
		}
	}
	if program, err := os.Executable(); err == nil {
		dir := filepath.Dir(program)
		folders = append(folders, filepath.Join(dir, ".cache", "chdb"), filepath.Join(filepath.Dir(dir), ".cache", "chdb"))
	}
	return folders
}
