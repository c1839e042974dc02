package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/spf13/cobra"

	"touchwatch/deploy/connect"
	"touchwatch/ingest/simulator"
	"touchwatch/ingest/simulator/send"
)

// simulateOptions are the flags of `touchwatch simulate`.
type simulateOptions struct {
	brokers              []string
	config, truth        string
	rate, speed, trouble float64
	seed                 uint64
	customers            int
	records              int64
	span                 time.Duration
	story, profiles      bool
	garbage              float64
}

func simulateCommand() *cobra.Command {
	var o simulateOptions
	cmd := &cobra.Command{
		Use: "simulate", Short: "Send a seeded world of customers to any Kafka", Args: takes(),
		Long: `Send touchpoints of a simulated company: customers with moods on four channels, in our own and in foreign formats mixed,
outages, and some who get into trouble. The same seed gives the same world. --truth writes down who really was in trouble,
when and why, one JSON object a line.`,
		Example: "  touchwatch simulate --brokers 127.0.0.1:9192 --rate 200 --for 5m --truth truth.jsonl",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return err
			}
			sent, err := o.run(cmd.Context())
			printf(cmd.ErrOrStderr(), "%d records sent\n", sent)
			return endOf(cmd.Context(), err)
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&o.brokers, "brokers", nil, "Kafka brokers, host:port (default: those of --config)")
	f.StringVarP(&o.config, "config", "c", "", "configuration file, for brokers with TLS or SASL")
	f.Float64Var(&o.rate, "rate", 50, "touchpoints per second of world time")
	f.Float64Var(&o.speed, "speed", 1, "seconds of world time in a second; 0: as fast as the brokers take it")
	f.Uint64Var(&o.seed, "seed", 1, "seed of the world")
	f.IntVar(&o.customers, "customers", 2000, "customers that the CRM knows")
	f.DurationVar(&o.span, "for", 0, "how long, in world time (0: until stopped)")
	f.Int64Var(&o.records, "records", 0, "stop after so many records (0: no limit)")
	f.Float64Var(&o.trouble, "trouble", 0.05, "share of customers that get into trouble, 0 to 1")
	f.Float64Var(&o.garbage, "garbage", 0, "share of records that nobody can decode, 0 to 1")
	f.BoolVar(&o.story, "story", false, "tell the demo's story as well")
	f.BoolVar(&o.profiles, "profiles", true, "send the CRM's profiles first")
	f.StringVar(&o.truth, "truth", "", "write the truth to this file")
	return cmd
}

// check reports every flag out of range.
func (o *simulateOptions) check() error {
	var p flagProblems
	p.want(o.rate > 0 && finite(o.rate), "rate", "more than 0 touchpoints per second", o.rate)
	p.want(o.speed >= 0 && finite(o.speed), "speed", "0 or more", o.speed)
	p.want(o.customers > 0, "customers", "at least 1", o.customers)
	p.want(o.span >= 0, "for", "0 or more", o.span)
	p.want(o.records >= 0, "records", "0 or more", o.records)
	p.want(o.trouble >= 0 && o.trouble <= 1, "trouble", "a share from 0 to 1", o.trouble)
	p.want(o.garbage >= 0 && o.garbage <= 1, "garbage", "a share from 0 to 1", o.garbage)
	for _, b := range o.brokers {
		_, _, err := net.SplitHostPort(b)
		p.want(err == nil, "brokers", "host:port", b)
	}
	return p.err()
}

func (o *simulateOptions) run(ctx context.Context) (int64, error) {
	kafka := connect.Kafka{Brokers: o.brokers}
	if len(o.brokers) == 0 {
		c, err := loadConfig(o.config)
		if err != nil {
			return 0, err
		}
		kafka = c.Kafka
	}
	client, err := kafka.Client()
	if err != nil {
		return 0, err
	}
	defer connect.CloseKafka(client)
	start := time.Now()
	options := simulator.Options{
		Seed: o.seed, Customers: o.customers, Start: start, Rate: o.rate, Story: o.story, TroubleShare: o.trouble, Garbage: o.garbage,
	}
	finish, err := o.tellTruth(&options)
	if err != nil {
		return 0, err
	}
	world := simulator.New(options)
	sender := send.Sender{Client: client, Log: newLog("info", ""), Speed: o.speed, Limit: o.records}
	if o.span > 0 {
		sender.Until = start.Add(o.span)
	}
	if o.profiles {
		if err := sender.Profiles(ctx, world); err != nil {
			return sender.Sent(), err
		}
	}
	err = sender.Run(ctx, world)
	if failed := finish(); err == nil {
		err = failed
	}
	return sender.Sent(), err
}

// tellTruth makes the world write its facts to the truth file; finish closes it.
func (o *simulateOptions) tellTruth(options *simulator.Options) (finish func() error, err error) {
	if o.truth == "" {
		return func() error { return nil }, nil
	}
	file, err := os.Create(o.truth)
	if err != nil {
		return nil, fmt.Errorf("--truth: %w", err)
	}
	out := bufio.NewWriter(file)
	var failed error
	options.Tell = func(f simulator.Fact) {
		if err := simulator.WriteFact(out, f); err != nil && failed == nil {
			failed = err
		}
	}
	return func() error {
		if err := out.Flush(); err != nil && failed == nil {
			failed = err
		}
		if err := file.Close(); err != nil && failed == nil {
			failed = err
		}
		return failed
	}, nil
}
