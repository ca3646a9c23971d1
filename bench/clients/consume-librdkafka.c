/*
 * librdkafka from C, as a consumer: a thousand messages at a time from one queue of all
 * partitions, each looked at and given back. Arguments and result as in work.js.
 */
#define _GNU_SOURCE
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

enum { AT_A_TIME = 1000, PARTITIONS = 6 };

static long bytes;

static void die(const char *what) {
  fprintf(stderr, "%s\n", what);
  exit(1);
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value) {
  char error[512];
  if (rd_kafka_conf_set(conf, name, value, error, sizeof error) != RD_KAFKA_CONF_OK) die(error);
}

static long consume(rd_kafka_queue_t *queue, long messages) {
  static rd_kafka_message_t *some[AT_A_TIME];
  long count = 0;
  while (count < messages) {
    ssize_t size = rd_kafka_consume_batch_queue(queue, 1000, some, AT_A_TIME);
    for (ssize_t i = 0; i < size; i++) {
      if (some[i]->err == 0) {
        bytes += some[i]->key_len + some[i]->len;
        count++;
      } else if (some[i]->err != RD_KAFKA_RESP_ERR__PARTITION_EOF) die(rd_kafka_message_errstr(some[i]));
      rd_kafka_message_destroy(some[i]);
    }
  }
  return messages;
}

static double seconds(struct timeval time) { return time.tv_sec + time.tv_usec / 1e6; }

int main(int argc, char **argv) {
  if (argc != 7) die("usage: consume-librdkafka BOOTSTRAP TOPIC MESSAGES CODEC MODE FILE");
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  set(conf, "bootstrap.servers", argv[1]);
  set(conf, "group.id", "bench");
  set(conf, "check.crcs", "true");
  set(conf, "queued.min.messages", "100000");
  char error[512];
  rd_kafka_t *client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof error);
  if (!client) die(error);
  rd_kafka_topic_t *topic = rd_kafka_topic_new(client, argv[2], NULL);
  rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
  for (int i = 0; i < PARTITIONS; i++) {
    if (rd_kafka_consume_start_queue(topic, i, RD_KAFKA_OFFSET_BEGINNING, queue) != 0)
      die("a partition did not start");
  }
  consume(queue, 1);
  consume(queue, atol(argv[3]));
  struct rusage before, after;
  struct timespec start, end;
  getrusage(RUSAGE_SELF, &before);
  clock_gettime(CLOCK_MONOTONIC, &start);
  long delivered = consume(queue, atol(argv[3]));
  clock_gettime(CLOCK_MONOTONIC, &end);
  getrusage(RUSAGE_SELF, &after);
  printf("{\"delivered\":%ld,\"seconds\":%f,\"cpuSeconds\":%f,\"rssMiB\":%f,\"touched\":%ld}\n",
         delivered, end.tv_sec - start.tv_sec + (end.tv_nsec - start.tv_nsec) / 1e9,
         seconds(after.ru_utime) + seconds(after.ru_stime) - seconds(before.ru_utime) -
             seconds(before.ru_stime),
         after.ru_maxrss / 1024.0, bytes);
  fflush(stdout);
  _Exit(0);
}
