package faults

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"touchwatch/deploy/embedded"
)

// ErrMissing is wrapped when the parts of real servers are not installed; the text says which, and how to get them.
var ErrMissing = errors.New("the real servers are not installed")

// parts are what real servers are started from.
type parts struct {
	java, redis, libs string
	chdb              string // "" for none: then there is no archive
}

// findParts looks for the programs, and for the folder .cache of the working folder or of one above it.
func findParts() (parts, error) {
	p, err := parts{}, supported()
	if err != nil {
		return p, err
	}
	if p.java, err = exec.LookPath("java"); err != nil {
		return p, fmt.Errorf("%w: Kafka needs java (17 or newer), which is not on the PATH", ErrMissing)
	}
	if p.redis, err = exec.LookPath("redis-server"); err != nil {
		return p, fmt.Errorf("%w: redis-server is not on the PATH; get it with deploy/servers/redis.sh", ErrMissing)
	}
	if p.libs = kafkaLibs(); p.libs == "" {
		return p, fmt.Errorf("%w: there is no Kafka in .cache/kafka; get it with deploy/servers/kafka.sh", ErrMissing)
	}
	p.chdb, err = embedded.FindLibchdb()
	if errors.Is(err, embedded.ErrNoLibrary) {
		err = nil
	}
	return p, err
}

// kafkaLibs is the folder of Kafka's jars, or "".
func kafkaLibs() string {
	if cache := os.Getenv("TOUCHWATCH_CACHE"); cache != "" {
		return libsIn(cache)
	}
	dir, err := os.Getwd()
	for err == nil {
		if libs := libsIn(filepath.Join(dir, ".cache")); libs != "" {
			return libs
		}
		if dir == filepath.Dir(dir) {
			break
		}
		dir = filepath.Dir(dir)
	}
	return ""
}

func libsIn(cache string) string {
	libs := filepath.Join(cache, "kafka", "libs")
	if jars, _ := filepath.Glob(filepath.Join(libs, "kafka_2.13-*.jar")); len(jars) == 0 {
		return ""
	}
	return libs
}
