"""kafka-python, with the C extensions that it takes for CRC-32C and LZ4. Arguments as in work.js."""

import json
import os
import resource
import sys
import time

from kafka import KafkaProducer, __version__

bootstrap, topic, messages, codec, _mode, file = sys.argv[1:]
delivered = 0

with open(file, "rb") as lines:
    records = [tuple(line.rstrip(b"\n").split(b"\t")) for line in lines]


def on_delivery(_metadata):
    global delivered
    delivered += 1


producer = KafkaProducer(
    bootstrap_servers=bootstrap,
    acks="all",
    enable_idempotence=True,
    linger_ms=10,
    batch_size=int(os.environ.get("BATCH_BYTES", "131072")),
    compression_type=None if codec == "none" else codec,
)


def produce(count):
    global delivered
    delivered = 0
    pool = len(records)
    for i in range(count):
        key, value = records[i % pool]
        producer.send(topic, value, key).add_callback(on_delivery)
    producer.flush()
    return delivered


produce(1)
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
    "version": __version__,
}
print(json.dumps(figures))
producer.close()
