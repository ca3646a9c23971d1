// franz-go. Arguments and result as in work.js.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

type record struct{ key, value []byte }

func main() {
	bootstrap, topic, codec, mode, file := os.Args[1], os.Args[2], os.Args[4], os.Args[5], os.Args[6]
	messages, err := strconv.Atoi(os.Args[3])
	must(err)
	records := read(file)
	buffered := 100_000
	if text := os.Getenv("BUFFERED"); text != "" {
		buffered, err = strconv.Atoi(text)
		must(err)
	}
	linger := 10 * time.Millisecond
	if mode == "latency" {
		linger = 0
	}
	client, err := kgo.NewClient(
		kgo.SeedBrokers(strings.Split(bootstrap, ",")...),
		kgo.DefaultProduceTopic(topic),
		kgo.ProducerLinger(linger),
		kgo.ProducerBatchMaxBytes(131_072),
		kgo.ProducerBatchCompression(compression(codec)),
		kgo.MaxBufferedRecords(buffered),
	)
	must(err)
	defer client.Close()
	figures := map[string]any{}
	work := func(messages int) int64 { return produce(client, records, messages) }
	if mode == "latency" {
		work = func(messages int) int64 { return oneByOne(client, records, messages, figures) }
	}
	work(messages)
	before, start := usage(), time.Now()
	figures["delivered"] = work(messages)
	figures["seconds"] = time.Since(start).Seconds()
	after := usage()
	figures["cpuSeconds"] = cpu(after) - cpu(before)
	figures["rssMiB"] = float64(after.Maxrss) / 1024
	must(json.NewEncoder(os.Stdout).Encode(figures))
}

// One record at a time, each until it is acknowledged; the percentiles in microseconds.
func oneByOne(client *kgo.Client, records []record, messages int, figures map[string]any) int64 {
	micros := make([]float64, messages)
	ctx := context.Background()
	for i := range micros {
		r := records[i%len(records)]
		start := time.Now()
		must(client.ProduceSync(ctx, &kgo.Record{Key: r.key, Value: r.value}).FirstErr())
		micros[i] = float64(time.Since(start).Nanoseconds()) / 1000
	}
	slices.Sort(micros)
	figures["p50"], figures["p99"] = micros[messages/2], micros[messages*99/100]
	return int64(messages)
}

func produce(client *kgo.Client, records []record, messages int) int64 {
	var delivered atomic.Int64
	report := func(_ *kgo.Record, err error) {
		must(err)
		delivered.Add(1)
	}
	ctx := context.Background()
	for i := 0; i < messages; i++ {
		r := records[i%len(records)]
		client.Produce(ctx, &kgo.Record{Key: r.key, Value: r.value}, report)
	}
	must(client.Flush(ctx))
	return delivered.Load()
}

func read(file string) []record {
	content, err := os.ReadFile(file)
	must(err)
	var records []record
	for _, line := range bytes.Split(bytes.TrimRight(content, "\n"), []byte("\n")) {
		key, value, _ := bytes.Cut(line, []byte("\t"))
		records = append(records, record{key, value})
	}
	return records
}

func compression(codec string) kgo.CompressionCodec {
	switch codec {
	case "lz4":
		return kgo.Lz4Compression()
	case "zstd":
		return kgo.ZstdCompression()
	case "snappy":
		return kgo.SnappyCompression()
	case "gzip":
		return kgo.GzipCompression()
	}
	return kgo.NoCompression()
}

func usage() (usage syscall.Rusage) {
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return usage
}

func cpu(usage syscall.Rusage) float64 {
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
