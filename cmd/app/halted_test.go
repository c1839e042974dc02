package app

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"touchwatch/ingest/stream"
)

func TestOnlyPartitionsThatStandStillAreExported(t *testing.T) {
	var raw, entries stream.Halts
	var h haltedPartitions
	h.watch("ingest", raw.Names)
	h.watch("customers", entries.Names)
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(&h)
	exported := func(want string) {
		t.Helper()
		if want != "" {
			want = "# HELP touchwatch_partition_halted " + haltedHelp(t) + "\n# TYPE touchwatch_partition_halted gauge\n" + want
		}
		if err := testutil.GatherAndCompare(reg, strings.NewReader(want)); err != nil {
			t.Error(err)
		}
	}
	exported("")
	raw.Set("touchpoints.chat/2", "its next record is not in the log")
	entries.Set("customer.timeline/0", "its worker got stuck")
	entries.Set("clickhouse", "no partition")
	exported(`touchwatch_partition_halted{partition="0",stage="customers",topic="customer.timeline"} 1
touchwatch_partition_halted{partition="2",stage="ingest",topic="touchpoints.chat"} 1
`)
	entries.Clear("customer.timeline/0")
	exported(`touchwatch_partition_halted{partition="2",stage="ingest",topic="touchpoints.chat"} 1
`)
	raw.Clear("touchpoints.chat/2")
	exported("")
}

func haltedHelp(t *testing.T) string {
	t.Helper()
	return described.FindStringSubmatch(haltedDesc.String())[2]
}
