// franz-go. Arguments and result as in work.js.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

const warmUp = 100_000

type record struct{ key, value []byte }

func main() {
	bootstrap, topic, codec, file := os.Args[1], os.Args[2], os.Args[4], os.Args[6]
	messages, err := strconv.Atoi(os.Args[3])
	must(err)
	records := read(file)
	client, err := kgo.NewClient(
		kgo.SeedBrokers(strings.Split(bootstrap, ",")...),
		kgo.DefaultProduceTopic(topic),
		kgo.ProducerLinger(10*time.Millisecond),
		kgo.ProducerBatchMaxBytes(131_072),
		kgo.ProducerBatchCompression(compression(codec)),
		kgo.MaxBufferedRecords(100_000),
	)
	must(err)
	defer client.Close()
	produce(client, records, warmUp)
	before, start := usage(), time.Now()
	delivered := produce(client, records, messages)
	seconds, after := time.Since(start).Seconds(), usage()
	must(json.NewEncoder(os.Stdout).Encode(map[string]any{
		"delivered":  delivered,
		"seconds":    seconds,
		"cpuSeconds": cpu(after) - cpu(before),
		"rssMiB":     float64(after.Maxrss) / 1024,
	}))
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
