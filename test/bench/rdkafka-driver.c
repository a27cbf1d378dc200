/*
 * Load from librdkafka, the same against any broker:
 *   rdkafka-driver produce BOOTSTRAP TOPIC PARTITIONS COUNT SIZE ACKS
 *   rdkafka-driver consume BOOTSTRAP TOPIC PARTITIONS COUNT
 *   rdkafka-driver pace BOOTSTRAP TOPIC
 * `pace` writes to partition 0 with acks=all until its input ends, with at most 5 records on their way, and prints a line
 * for each acknowledgement: the milliseconds of CLOCK_MONOTONIC. The others print one line of JSON. Connecting and
 * metadata are not timed; produce ends with the last acknowledgement, consume starts with the assignment at offset 0 and
 * ends with record number COUNT.
 */
#include <librdkafka/rdkafka.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static double cpu_seconds(void) {
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  return u.ru_utime.tv_sec + u.ru_stime.tv_sec + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void fail(const char *what, const char *why) {
  fprintf(stderr, "%s: %s\n", what, why);
  exit(1);
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value) {
  char error[512];
  if (rd_kafka_conf_set(conf, name, value, error, sizeof(error)) != RD_KAFKA_CONF_OK) fail(name, error);
}

static rd_kafka_t *client(rd_kafka_type_t type, rd_kafka_conf_t *conf) {
  char error[512];
  rd_kafka_t *rk = rd_kafka_new(type, conf, error, sizeof(error));
  if (!rk) fail("rd_kafka_new", error);
  return rk;
}

/* Connects and makes the topic known, so that neither is part of the measurement. */
static void warm_up(rd_kafka_t *rk, rd_kafka_topic_t *topic, int partitions) {
  for (int attempt = 0; attempt < 100; attempt++) {
    const struct rd_kafka_metadata *md;
    rd_kafka_resp_err_t err = rd_kafka_metadata(rk, 0, topic, &md, 10000);
    if (!err) {
      int ready = md->topic_cnt == 1 && !md->topics[0].err && md->topics[0].partition_cnt == partitions;
      for (int i = 0; ready && i < partitions; i++) ready = md->topics[0].partitions[i].leader >= 0;
      rd_kafka_metadata_destroy(md);
      if (ready) return;
    }
    struct timespec pause = {0, 100000000};
    nanosleep(&pause, NULL);
  }
  fail("metadata", "the topic did not become ready");
}

static long delivered = 0, failed = 0;

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque) {
  (void)rk;
  (void)opaque;
  if (message->err) {
    if (failed++ == 0) fprintf(stderr, "delivery: %s\n", rd_kafka_err2str(message->err));
  } else delivered++;
}

static int produce(char **args) {
  const char *bootstrap = args[0], *name = args[1], *acks = args[5];
  int partitions = atoi(args[2]), size = atoi(args[4]);
  long count = atol(args[3]);
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  set(conf, "bootstrap.servers", bootstrap);
  set(conf, "acks", acks);
  set(conf, "linger.ms", "5");
  set(conf, "batch.size", "1000000");
  set(conf, "batch.num.messages", "10000");
  set(conf, "queue.buffering.max.messages", "1000000");
  set(conf, "queue.buffering.max.kbytes", "1048576");
  rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
  rd_kafka_t *rk = client(RD_KAFKA_PRODUCER, conf);
  rd_kafka_topic_t *topic = rd_kafka_topic_new(rk, name, NULL);
  warm_up(rk, topic, partitions);
  char *payload = malloc(size);
  for (int i = 0; i < size; i++) payload[i] = 'a' + (i * 7) % 26;
  double start = now(), cpu = cpu_seconds();
  for (long i = 0; i < count; i++) {
    while (rd_kafka_produce(topic, i % partitions, RD_KAFKA_MSG_F_COPY, payload, size, NULL, 0, NULL) == -1) {
      if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL) fail("produce", rd_kafka_err2str(rd_kafka_last_error()));
      rd_kafka_poll(rk, 10);
    }
    if (i % 10000 == 0) rd_kafka_poll(rk, 0);
  }
  if (rd_kafka_flush(rk, 120000)) fail("flush", "not all records were acknowledged in time");
  double seconds = now() - start;
  printf("{\"records\":%ld,\"failed\":%ld,\"seconds\":%.4f,\"perSecond\":%.0f,\"clientCpuSeconds\":%.3f}\n", delivered, failed,
         seconds, delivered / seconds, cpu_seconds() - cpu);
  rd_kafka_topic_destroy(topic);
  rd_kafka_destroy(rk);
  free(payload);
  return failed ? 1 : 0;
}

static void on_paced_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque) {
  (void)rk;
  (void)opaque;
  delivered++;
  if (message->err) fprintf(stderr, "delivery: %s\n", rd_kafka_err2str(message->err));
  else printf("%.3f\n", now() * 1000);
}

/* As patient as the producer of test/interop/support/load.ts: the cluster is measured, not the pauses of a client. */
static int pace(char **args) {
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  set(conf, "bootstrap.servers", args[0]);
  set(conf, "enable.idempotence", "true");
  set(conf, "linger.ms", "0");
  set(conf, "message.timeout.ms", "120000");
  set(conf, "socket.timeout.ms", "3000");
  set(conf, "retry.backoff.ms", "10");
  set(conf, "reconnect.backoff.ms", "10");
  set(conf, "reconnect.backoff.max.ms", "50");
  set(conf, "topic.metadata.refresh.fast.interval.ms", "20");
  set(conf, "topic.metadata.refresh.interval.ms", "50");
  rd_kafka_conf_set_dr_msg_cb(conf, on_paced_delivery);
  rd_kafka_t *rk = client(RD_KAFKA_PRODUCER, conf);
  rd_kafka_topic_t *topic = rd_kafka_topic_new(rk, args[1], NULL);
  warm_up(rk, topic, 1);
  setvbuf(stdout, NULL, _IOLBF, 0);
  long sent = 0;
  struct pollfd input = {.fd = 0, .events = POLLIN};
  while (poll(&input, 1, 0) == 0) {
    if (sent - delivered < 5 && rd_kafka_produce(topic, 0, RD_KAFKA_MSG_F_COPY, "paced", 5, NULL, 0, NULL) == 0) sent++;
    rd_kafka_poll(rk, 2);
  }
  int left = rd_kafka_flush(rk, 10000) != 0;
  rd_kafka_topic_destroy(topic);
  rd_kafka_destroy(rk);
  return left;
}

static int consume(char **args) {
  const char *bootstrap = args[0], *name = args[1];
  int partitions = atoi(args[2]);
  long count = atol(args[3]), read = 0, bytes = 0;
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  set(conf, "bootstrap.servers", bootstrap);
  set(conf, "group.id", "bench");
  set(conf, "enable.auto.commit", "false");
  set(conf, "check.crcs", "false");
  set(conf, "queued.min.messages", "1000000");
  rd_kafka_t *rk = client(RD_KAFKA_CONSUMER, conf);
  rd_kafka_topic_t *topic = rd_kafka_topic_new(rk, name, NULL);
  warm_up(rk, topic, partitions);
  rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
  double start = now(), cpu = cpu_seconds(), deadline = start + 120;
  for (int i = 0; i < partitions; i++) {
    if (rd_kafka_consume_start_queue(topic, i, 0, queue) == -1) fail("consume", rd_kafka_err2str(rd_kafka_last_error()));
  }
  static rd_kafka_message_t *batch[10000];
  while (read < count && now() < deadline) {
    ssize_t n = rd_kafka_consume_batch_queue(queue, 200, batch, 10000);
    for (ssize_t i = 0; i < n; i++) {
      if (!batch[i]->err) {
        read++;
        bytes += batch[i]->len;
      } else if (batch[i]->err != RD_KAFKA_RESP_ERR__PARTITION_EOF) fail("consume", rd_kafka_message_errstr(batch[i]));
      rd_kafka_message_destroy(batch[i]);
    }
  }
  double seconds = now() - start;
  printf("{\"records\":%ld,\"bytes\":%ld,\"seconds\":%.4f,\"perSecond\":%.0f,\"clientCpuSeconds\":%.3f}\n", read, bytes, seconds,
         read / seconds, cpu_seconds() - cpu);
  fflush(stdout);
  /* Stopping the consumers would only wait for their last fetch. */
  _Exit(read == count ? 0 : 1);
}

int main(int argc, char **argv) {
  if (argc == 8 && !strcmp(argv[1], "produce")) return produce(argv + 2);
  if (argc == 6 && !strcmp(argv[1], "consume")) return consume(argv + 2);
  if (argc == 4 && !strcmp(argv[1], "pace")) return pace(argv + 2);
  fprintf(stderr, "usage: %s produce BOOTSTRAP TOPIC PARTITIONS COUNT SIZE ACKS | consume BOOTSTRAP TOPIC PARTITIONS COUNT | pace BOOTSTRAP TOPIC\n", argv[0]);
  return 2;
}
