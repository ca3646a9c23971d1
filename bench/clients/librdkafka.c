/*
 * librdkafka from C. Values are handed over without a copy, the topic is looked up once, and
 * delivery reports are served every thousand records. Arguments and result as in work.js.
 */
#define _GNU_SOURCE
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { RECORDS_A_POLL = 1000, MOST_RECORDS = 10000 };

struct record {
  char *key, *value;
  size_t key_size, value_size;
};

static struct record records[MOST_RECORDS];
static int pool;
static long delivered;

static void die(const char *what) {
  fprintf(stderr, "%s\n", what);
  exit(1);
}

static void read_records(const char *file) {
  FILE *in = fopen(file, "r");
  if (!in) die("cannot open the records");
  char *line = NULL;
  size_t room = 0;
  ssize_t size;
  while (pool < MOST_RECORDS && (size = getline(&line, &room, in)) > 0) {
    char *copy = strndup(line, line[size - 1] == '\n' ? size - 1 : size);
    char *tab = strchr(copy, '\t');
    *tab = 0;
    records[pool++] = (struct record){copy, tab + 1, tab - copy, strlen(tab + 1)};
  }
  fclose(in);
}

static void on_report(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque) {
  (void)client;
  (void)opaque;
  if (message->err) die(rd_kafka_err2str(message->err));
  delivered++;
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value) {
  char error[512];
  if (rd_kafka_conf_set(conf, name, value, error, sizeof error) != RD_KAFKA_CONF_OK) die(error);
}

static void produce(rd_kafka_t *client, rd_kafka_topic_t *topic, long messages) {
  delivered = 0;
  for (long i = 0; i < messages; i++) {
    struct record *r = &records[i % pool];
    while (rd_kafka_produce(topic, RD_KAFKA_PARTITION_UA, 0, r->value, r->value_size, r->key,
                            r->key_size, NULL) != 0) {
      if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL) die("produce failed");
      rd_kafka_poll(client, 10);
    }
    if (i % RECORDS_A_POLL == 0) rd_kafka_poll(client, 0);
  }
  while (delivered < messages) rd_kafka_poll(client, 10);
}

/* The same by calls that take many records; what found no room is given again. */
static void produce_batches(rd_kafka_t *client, rd_kafka_topic_t *topic, long messages, int size) {
  rd_kafka_message_t *batch = calloc(size, sizeof *batch);
  delivered = 0;
  for (long i = 0; i < messages;) {
    int count = messages - i < size ? messages - i : size;
    for (int j = 0; j < count; j++) {
      struct record *r = &records[(i + j) % pool];
      batch[j] = (rd_kafka_message_t){.payload = r->value, .len = r->value_size,
                                      .key = r->key, .key_len = r->key_size};
    }
    rd_kafka_produce_batch(topic, RD_KAFKA_PARTITION_UA, 0, batch, count);
    for (int j = 0; j < count; j++) {
      if (!batch[j].err) continue;
      if (batch[j].err != RD_KAFKA_RESP_ERR__QUEUE_FULL) die(rd_kafka_err2str(batch[j].err));
      struct record *r = &records[(i + j) % pool];
      while (rd_kafka_produce(topic, RD_KAFKA_PARTITION_UA, 0, r->value, r->value_size, r->key,
                              r->key_size, NULL) != 0)
        rd_kafka_poll(client, 10);
    }
    i += count;
    rd_kafka_poll(client, 0);
  }
  while (delivered < messages) rd_kafka_poll(client, 10);
  free(batch);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e6 + time.tv_nsec / 1e3;
}

static int ascending(const void *a, const void *b) {
  double left = *(const double *)a, right = *(const double *)b;
  return (left > right) - (left < right);
}

/* One record at a time, each until its report; gives the times in microseconds, sorted. */
static double *one_by_one(rd_kafka_t *client, rd_kafka_topic_t *topic, long messages) {
  double *micros = malloc(messages * sizeof *micros);
  delivered = 0;
  for (long i = 0; i < messages; i++) {
    struct record *r = &records[i % pool];
    double start = now();
    if (rd_kafka_produce(topic, RD_KAFKA_PARTITION_UA, 0, r->value, r->value_size, r->key,
                         r->key_size, NULL) != 0)
      die("produce failed");
    while (delivered <= i) rd_kafka_poll(client, 100);
    micros[i] = now() - start;
  }
  qsort(micros, messages, sizeof *micros, ascending);
  return micros;
}

static double seconds(struct timeval time) { return time.tv_sec + time.tv_usec / 1e6; }

int main(int argc, char **argv) {
  if (argc != 7) die("usage: librdkafka BOOTSTRAP TOPIC MESSAGES CODEC MODE FILE");
  read_records(argv[6]);
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  set(conf, "bootstrap.servers", argv[1]);
  set(conf, "compression.codec", argv[4]);
  set(conf, "enable.idempotence", "true");
  int alone = strcmp(argv[5], "latency") == 0;
  set(conf, "linger.ms", alone ? "0" : "10");
  set(conf, "batch.size", "131072");
  if (getenv("QUEUE")) set(conf, "queue.buffering.max.messages", getenv("QUEUE"));
  set(conf, "partitioner", "murmur2_random");
  rd_kafka_conf_set_dr_msg_cb(conf, on_report);
  char error[512];
  rd_kafka_t *client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error);
  if (!client) die(error);
  rd_kafka_topic_t *topic = rd_kafka_topic_new(client, argv[2], NULL);

  long messages = atol(argv[3]);
  double *micros = NULL;
  int size = getenv("BATCH") ? atoi(getenv("BATCH")) : 0;
  /* The work is done twice, and the second time is measured. */
  if (alone)
    free(one_by_one(client, topic, messages));
  else
    produce(client, topic, messages);
  struct rusage before, after;
  struct timespec start, end;
  getrusage(RUSAGE_SELF, &before);
  clock_gettime(CLOCK_MONOTONIC, &start);
  if (alone)
    micros = one_by_one(client, topic, messages);
  else if (size > 0)
    produce_batches(client, topic, messages, size);
  else
    produce(client, topic, messages);
  clock_gettime(CLOCK_MONOTONIC, &end);
  getrusage(RUSAGE_SELF, &after);
  printf("{");
  if (alone)
    printf("\"p50\":%f,\"p99\":%f,", micros[messages / 2], micros[messages * 99 / 100]);
  printf("\"delivered\":%ld,\"seconds\":%f,\"cpuSeconds\":%f,\"rssMiB\":%f,\"version\":\"%s\"}\n",
         delivered, end.tv_sec - start.tv_sec + (end.tv_nsec - start.tv_nsec) / 1e9,
         seconds(after.ru_utime) + seconds(after.ru_stime) - seconds(before.ru_utime) -
             seconds(before.ru_stime),
         after.ru_maxrss / 1024.0, rd_kafka_version_str());
  rd_kafka_topic_destroy(topic);
  rd_kafka_destroy(client);
  return 0;
}
