"""confluent-kafka-python. Arguments and result as in work.js."""

import json
import os
import resource
import sys
import time

from confluent_kafka import Producer, libversion

bootstrap, topic, messages, codec, _mode, file = sys.argv[1:]
POLL_EVERY = int(os.environ.get("POLL_EVERY", "1000"))
delivered = 0

with open(file, "rb") as lines:
    records = [tuple(line.rstrip(b"\n").split(b"\t")) for line in lines]


def on_delivery(error, _message):
    global delivered
    if error:
        raise RuntimeError(error)
    delivered += 1


producer = Producer(
    {
        "bootstrap.servers": bootstrap,
        "enable.idempotence": True,
        "linger.ms": 10,
        "batch.size": 131072,
        "compression.type": codec,
        "partitioner": "murmur2_random",
        "on_delivery": on_delivery,
    }
)


def produce(count):
    global delivered
    delivered = 0
    pool = len(records)
    for i in range(count):
        key, value = records[i % pool]
        while True:
            try:
                producer.produce(topic, value, key)
                break
            except BufferError:
                producer.poll(0.01)
        if i % POLL_EVERY == 0:
            producer.poll(0)
    producer.flush()
    return delivered


produce(int(messages))
before = resource.getrusage(resource.RUSAGE_SELF)
start = time.monotonic()
count = produce(int(messages))
seconds = time.monotonic() - start
after = resource.getrusage(resource.RUSAGE_SELF)
cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
figures = {
    "delivered": count,
    "seconds": seconds,
    "cpuSeconds": cpu,
    "rssMiB": after.ru_maxrss / 1024,
    "version": libversion()[0],
}
print(json.dumps(figures))
