package doctor

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"touchwatch/deploy/connect"
	"touchwatch/deploy/embedded"
)

// needed is a timeline with all that is asked of it.
var needed = Topic{
	Topic: connect.Topic{Name: "customer.timeline", Partitions: 4, Replication: 1, Config: map[string]string{
		"message.timestamp.type": "LogAppendTime", "retention.ms": "1209600000", "max.message.bytes": "8388608",
	}},
	Fixed: true, KeepAtLeast: 14 * 24 * time.Hour,
}

func find(all []Finding, check string) (Finding, bool) {
	for _, f := range all {
		if f.Check == check {
			return f, true
		}
	}
	return Finding{}, false
}

func TestWrongTopicsOnABrokerAreFound(t *testing.T) {
	ctx := context.Background()
	server, err := embedded.StartKafka(ctx, embedded.KafkaOptions{Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	client := &kafka.Client{Addr: kafka.TCP(server.Addr()), Timeout: 10 * time.Second}
	wrong := needed.Topic
	wrong.Partitions, wrong.Config = 2, map[string]string{"message.timestamp.type": "CreateTime", "retention.ms": "3600000"}
	if err := connect.EnsureTopics(ctx, client, []connect.Topic{wrong}); err != nil {
		t.Fatal(err)
	}
	absent := Topic{Topic: connect.Topic{Name: "signals", Partitions: 2}, Fixed: true}
	all := CheckKafka(ctx, client, []Topic{needed, absent})
	for check, want := range map[string]Severity{
		"signals": Error, "customer.timeline partitions": Error, "customer.timeline retention": Warning, "customer.timeline message.timestamp.type": Error,
	} {
		f, ok := find(all, check)
		if !ok || f.Severity != want || f.Advice == "" {
			t.Errorf("%s: got %+v (found %t), want %s with advice", check, f, ok, want)
		}
	}
	if Worst(all) != Error {
		t.Errorf("the worst is %s", Worst(all))
	}
}

func TestASoundKafkaHasNoFinding(t *testing.T) {
	k := Kafka{Brokers: 3, Topics: map[string]KafkaTopic{"customer.timeline": {Partitions: 4, Replicas: 3, InSync: 3, Config: map[string]string{
		"message.timestamp.type": "LogAppendTime", "retention.ms": "1209600000", "max.message.bytes": "8388608", "cleanup.policy": "delete", "min.insync.replicas": "2", "retention.bytes": "-1",
	}}}}
	if all := k.Judge([]Topic{needed}); Worst(all) != OK {
		t.Errorf("%+v", all)
	}
}

func TestJudgementsOfTopics(t *testing.T) {
	sound := KafkaTopic{Partitions: 4, Replicas: 3, InSync: 3}
	for check, spoil := range map[string]func(*KafkaTopic){
		"partitions":          func(k *KafkaTopic) { k.Leaderless = 1 },
		"replicas":            func(k *KafkaTopic) { k.InSync = 2 },
		"settings":            func(*KafkaTopic) {},
		"cleanup.policy":      func(k *KafkaTopic) { k.Config = map[string]string{"cleanup.policy": "compact"} },
		"max.message.bytes":   func(k *KafkaTopic) { k.Config = map[string]string{"max.message.bytes": "1048588"} },
		"min.insync.replicas": func(k *KafkaTopic) { k.Config = map[string]string{"min.insync.replicas": "1"} },
		"retention.bytes":     func(k *KafkaTopic) { k.Config = map[string]string{"retention.bytes": "1000"} },
	} {
		topic := sound
		spoil(&topic)
		f, ok := find(topic.judge(needed, 3), "customer.timeline "+check)
		if !ok || f.Severity == OK || f.Advice == "" {
			t.Errorf("%s: got %+v (found %t), want a finding with advice", check, f, ok)
		}
	}
}

func TestABrokerThatDoesNotAnswerIsOneFinding(t *testing.T) {
	client := &kafka.Client{Addr: kafka.TCP("127.0.0.1:1"), Timeout: time.Second}
	all := CheckKafka(context.Background(), client, []Topic{needed})
	if len(all) != 1 || all[0].Severity != Error || !strings.Contains(all[0].Advice, "kafka.brokers") {
		t.Errorf("%+v", all)
	}
}

func TestJudgementsOfClickHouse(t *testing.T) {
	want := Tables{Names: []string{"touchpoints", "alerts"}, Migration: 2}
	good := House{Version: "25.8.1.1", Tables: []string{"alerts", "goose_db_version", "touchpoints"}, Migration: 2, FreeBytes: 50 << 30, Disk: 100 << 30}
	if all := good.Judge(want); Worst(all) != OK {
		t.Errorf("%+v", all)
	}
	for check, spoil := range map[string]func(*House){
		"version":    func(h *House) { h.Version = "23.8.2" },
		"tables":     func(h *House) { h.Tables = []string{"alerts"} },
		"migrations": func(h *House) { h.Migration = 1 },
		"disk":       func(h *House) { h.FreeBytes = 1 << 30 },
	} {
		h := good
		spoil(&h)
		if f, ok := find(h.Judge(want), check); !ok || f.Severity == OK || f.Advice == "" {
			t.Errorf("%s: got %+v", check, f)
		}
	}
}
