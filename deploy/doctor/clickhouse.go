package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// houseOldest is the oldest ClickHouse on which the tables were tried.
const houseOldest = "24.3"

// Tables says which tables there should be.
type Tables struct {
	Names     []string
	Migration int64 // number of the newest migration of this program
}

// House is what ClickHouse says.
type House struct {
	Version   string
	Tables    []string
	Migration int64  // number of the newest applied one; 0 for none
	FreeBytes uint64 // of the fullest disk
	Disk      uint64 // its size; 0 when the server does not tell
}

// ReadClickHouse asks the server.
func ReadClickHouse(ctx context.Context, conn driver.Conn) (House, error) {
	var h House
	if err := conn.QueryRow(ctx, "SELECT version()").Scan(&h.Version); err != nil {
		return h, err
	}
	var names []string
	if err := conn.QueryRow(ctx, "SELECT groupArray(name) FROM system.tables WHERE database = currentDatabase()").Scan(&names); err != nil {
		return h, fmt.Errorf("list tables: %w", err)
	}
	h.Tables = names
	if slices.Contains(names, "goose_db_version") {
		if err := conn.QueryRow(ctx, "SELECT toInt64(max(version_id)) FROM goose_db_version WHERE is_applied = 1").Scan(&h.Migration); err != nil {
			return h, fmt.Errorf("read applied migrations: %w", err)
		}
	}
	// Disks are told to those who may read system tables; without it nothing is said about them.
	_ = conn.QueryRow(ctx, "SELECT free_space, total_space FROM system.disks WHERE total_space > 0 ORDER BY free_space / total_space LIMIT 1").Scan(&h.FreeBytes, &h.Disk)
	return h, nil
}

// Judge compares the server with what is needed.
func (h House) Judge(want Tables) []Finding {
	var all []Finding
	add := func(check string, s Severity, found, advice string) {
		all = append(all, Finding{Server: "clickhouse", Check: check, Severity: s, Found: found, Advice: advice})
	}
	if older(h.Version, houseOldest) {
		add("version", Warning, h.Version, "use ClickHouse "+houseOldest+" or later: earlier ones were not tried")
	} else {
		add("version", OK, h.Version, "")
	}
	var missing []string
	for _, name := range want.Names {
		if !slices.Contains(h.Tables, name) {
			missing = append(missing, name)
		}
	}
	switch {
	case len(missing) > 0:
		add("tables", Error, "missing: "+strings.Join(missing, ", "), "run 'touchwatch migrate'; a process with the role archive does so at its start")
	default:
		add("tables", OK, strings.Join(want.Names, ", "), "")
	}
	switch numbers := fmt.Sprintf("%d applied, %d known", h.Migration, want.Migration); {
	case h.Migration < want.Migration:
		add("migrations", Error, numbers, "run 'touchwatch migrate'")
	case h.Migration > want.Migration:
		add("migrations", Error, numbers, "the tables were made by a newer program: use that one")
	default:
		add("migrations", OK, numbers, "")
	}
	if h.Disk > 0 {
		s, advice := OK, ""
		if share := float64(h.FreeBytes) / float64(h.Disk); share < 0.1 {
			s, advice = Warning, "make room, or lower limits.history_days: when the disk is full the archive stands still (alerts do not)"
		}
		add("disk", s, fmt.Sprintf("%d of %d GiB free", h.FreeBytes>>30, h.Disk>>30), advice)
	}
	return all
}

// CheckClickHouse reads and judges.
func CheckClickHouse(ctx context.Context, conn driver.Conn, want Tables) []Finding {
	h, err := ReadClickHouse(ctx, conn)
	if err != nil {
		return unreachable("clickhouse", err, "check clickhouse.addrs, protocol and password; without ClickHouse alerts go on and history is missing")
	}
	return h.Judge(want)
}
