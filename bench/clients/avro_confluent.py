"""confluent-kafka-python with values in Avro. Arguments and result as in work.js."""

import json
import os
import resource
import sys
import time

from confluent_kafka import Producer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

bootstrap, topic, messages, _codec, mode, file = sys.argv[1:]
SCHEMA = {
    "type": "record",
    "name": "Order",
    "namespace": "bench",
    "fields": [
        {"name": "id", "type": "long"},
        {"name": "ts", "type": "long"},
        {"name": "user", "type": "string"},
        {"name": "amount", "type": "double"},
        {
            "name": "currency",
            "type": {"type": "enum", "name": "Currency", "symbols": ["EUR", "USD", "GBP", "SEK"]},
        },
        {"name": "items", "type": {"type": "array", "items": "int"}},
        {"name": "note", "type": ["null", "string"]},
    ],
}
delivered = 0

with open(file) as lines:
    pairs = [line.rstrip("\n").split("\t") for line in lines]
records = [(key.encode(), json.loads(value)) for key, value in pairs]

serialize = AvroSerializer(SchemaRegistryClient({"url": os.environ["REGISTRY"]}), json.dumps(SCHEMA))
context = SerializationContext(topic, MessageField.VALUE)


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
        "partitioner": "murmur2_random",
        "on_delivery": on_delivery,
    }
)


def alone(count):
    pool = len(records)
    size = 0
    for i in range(count):
        size += len(serialize(records[i % pool][1], context))
    return count if size > count else 0


def produce(count):
    global delivered
    delivered = 0
    pool = len(records)
    for i in range(count):
        key, value = records[i % pool]
        payload = serialize(value, context)
        while True:
            try:
                producer.produce(topic, payload, key)
                break
            except BufferError:
                producer.poll(0.01)
        if i % 1000 == 0:
            producer.poll(0)
    producer.flush()
    return delivered


run = alone if mode == "avro alone" else produce
run(int(messages))
before = resource.getrusage(resource.RUSAGE_SELF)
start = time.monotonic()
count = run(int(messages))
seconds = time.monotonic() - start
after = resource.getrusage(resource.RUSAGE_SELF)
cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
figures = {"delivered": count, "seconds": seconds, "cpuSeconds": cpu, "rssMiB": after.ru_maxrss / 1024}
print(json.dumps(figures))
