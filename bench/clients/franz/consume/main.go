// franz-go as a consumer: what was polled, record by record. Arguments and result as in work.js.
package main

import (
	"context"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

var bytes int

func main() {
	bootstrap, topic := os.Args[1], os.Args[2]
	messages, err := strconv.Atoi(os.Args[3])
	must(err)
	client, err := kgo.NewClient(
		kgo.SeedBrokers(strings.Split(bootstrap, ",")...),
		kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
	)
	must(err)
	defer client.Close()
	consume(client, 1)
	consume(client, messages)
	before, start := usage(), time.Now()
	consume(client, messages)
	seconds, after := time.Since(start).Seconds(), usage()
	must(json.NewEncoder(os.Stdout).Encode(map[string]any{
		"delivered":  messages,
		"seconds":    seconds,
		"cpuSeconds": cpu(after) - cpu(before),
		"rssMiB":     float64(after.Maxrss) / 1024,
		"touched":    bytes,
	}))
}

func consume(client *kgo.Client, messages int) {
	for count := 0; count < messages; {
		fetches := client.PollFetches(context.Background())
		for _, err := range fetches.Errors() {
			must(err.Err)
		}
		fetches.EachRecord(func(record *kgo.Record) {
			bytes += len(record.Key) + len(record.Value)
			count++
		})
	}
}

func usage() syscall.Rusage {
	var usage syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return usage
}

func cpu(usage syscall.Rusage) float64 {
	micros := func(time syscall.Timeval) int64 { return time.Sec*1_000_000 + int64(time.Usec) }
	return float64(micros(usage.Utime)+micros(usage.Stime)) / 1e6
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
