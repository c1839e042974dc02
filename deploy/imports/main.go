// Imports checks that imports point upstream: dashboards → alerts → processors → ingest, that deploy/connect imports nothing
// of ours, and that only cmd wires the stages together. It prints every import that does not, and exits 1.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

const module = "touchwatch/"

// stages are ordered upstream first: a package may import from its own stage and from those before it.
var stages = []string{"ingest", "processors", "alerts", "dashboards"}

type listed struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

func main() {
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", "./...")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		fmt.Fprintln(os.Stderr, "imports: go list:", err)
		os.Exit(1)
	}
	wrong := check(strings.NewReader(string(out)))
	for _, w := range wrong {
		fmt.Println(w)
	}
	if len(wrong) > 0 {
		os.Exit(1)
	}
}

// check reads go list's JSON and returns a line per forbidden import. Tests may start embedded servers.
func check(r io.Reader) []string {
	var wrong []string
	for d := json.NewDecoder(r); ; {
		var p listed
		if err := d.Decode(&p); err != nil {
			return wrong
		}
		for _, imported := range p.Imports {
			if why := forbidden(p.ImportPath, imported); why != "" {
				wrong = append(wrong, fmt.Sprintf("%s imports %s: %s", p.ImportPath, imported, why))
			}
		}
		for _, imported := range append(p.TestImports, p.XTestImports...) {
			if why := forbidden(p.ImportPath, imported); why != "" && !strings.HasPrefix(imported, module+"deploy/embedded") {
				wrong = append(wrong, fmt.Sprintf("a test of %s imports %s: %s", p.ImportPath, imported, why))
			}
		}
	}
}

// forbidden says why from may not import to, or "".
func forbidden(from, to string) string {
	to, ours := strings.CutPrefix(to, module)
	if !ours {
		return ""
	}
	from = strings.TrimPrefix(from, module)
	fromTop, toTop := top(from), top(to)
	switch {
	case toTop == "cmd" && fromTop != "cmd":
		return "only commands use commands"
	case fromTop == "cmd" || to == "deploy/connect":
		return ""
	case fromTop == "deploy":
		if toTop == "deploy" && from != "deploy/connect" {
			return ""
		}
		return "deploy stands apart from the stages"
	case toTop == "deploy":
		return "only cmd starts embedded servers"
	case rank(toTop) > rank(fromTop):
		return "imports point upstream: dashboards → alerts → processors → ingest"
	}
	return ""
}

func top(path string) string {
	first, _, _ := strings.Cut(path, "/")
	return first
}

func rank(stage string) int {
	for i, s := range stages {
		if s == stage {
			return i
		}
	}
	return len(stages)
}
