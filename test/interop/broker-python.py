"""Produces to and consumes from a broker by assignment, with both Python clients in every codec.

Arguments: the bootstrap servers, and `write` or `read` to do but one of it. Every client reads what
every client wrote, and compares. Prints one JSON line of what was read; exits with 1, saying what
differs, if anything does.
"""

import json
import sys

import confluent_kafka
import kafka

SERVERS = sys.argv[1]
CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]
RECORDS = [
    (b"key-%d" % i if i % 7 else None, b"value %d " % i * (i % 50) if i % 7 != 1 else None)
    for i in range(500)
]
PLAIN_HEADERS = [("trace", b"\x00\x01"), ("empty", b""), ("trace", b"again")]
# kafka-python can't write a header without a value.
HEADERS = {"confluent": [*PLAIN_HEADERS, ("null", None)], "kafka-python": PLAIN_HEADERS}


def produce_with_confluent(topic, codec):
    failed = []
    producer = confluent_kafka.Producer(
        {
            "bootstrap.servers": SERVERS,
            "compression.type": codec,
            "enable.idempotence": True,
            "linger.ms": 20,
        }
    )
    for key, value in RECORDS:
        producer.produce(
            topic,
            partition=0,
            key=key,
            value=value,
            headers=HEADERS["confluent"],
            on_delivery=lambda error, _: error and failed.append(str(error)),
        )
    left = producer.flush(30)
    assert not failed and left == 0, f"{topic}: {failed}, {left} not delivered"


def produce_with_kafka_python(topic, codec):
    producer = kafka.KafkaProducer(
        bootstrap_servers=SERVERS,
        compression_type=None if codec == "none" else codec,
        linger_ms=20,
    )
    sent = [
        producer.send(topic, key=key, value=value, headers=HEADERS["kafka-python"], partition=0)
        for key, value in RECORDS
    ]
    producer.flush(30)
    offsets = [future.get(30).offset for future in sent]
    assert offsets == list(range(len(RECORDS))), f"{topic}: offsets {offsets[:5]}..."
    producer.close()


def consume_with_confluent(topic):
    consumer = confluent_kafka.Consumer(
        {"bootstrap.servers": SERVERS, "group.id": "none", "enable.auto.commit": False}
    )
    place = confluent_kafka.TopicPartition(topic, 0, confluent_kafka.OFFSET_BEGINNING)
    consumer.assign([place])
    read = []
    while len(read) < len(RECORDS):
        message = consumer.poll(30)
        assert message is not None and message.error() is None, f"{topic}: {message}"
        read.append((message.key(), message.value(), message.headers()))
    low, high = consumer.get_watermark_offsets(place, timeout=10)
    consumer.close()
    return read, (low, high)


def consume_with_kafka_python(topic):
    place = kafka.TopicPartition(topic, 0)
    consumer = kafka.KafkaConsumer(bootstrap_servers=SERVERS, consumer_timeout_ms=30000)
    consumer.assign([place])
    consumer.seek_to_beginning(place)
    read = []
    for message in consumer:
        read.append((message.key, message.value, list(message.headers)))
        if len(read) == len(RECORDS):
            break
    span = (consumer.beginning_offsets([place])[place], consumer.end_offsets([place])[place])
    consumer.close()
    return read, span


def main():
    mode = sys.argv[2] if len(sys.argv) > 2 else "both"
    writers = {"confluent": produce_with_confluent, "kafka-python": produce_with_kafka_python}
    readers = {"confluent": consume_with_confluent, "kafka-python": consume_with_kafka_python}
    checked = []
    for writer, produce in writers.items():
        wanted = [(key, value, HEADERS[writer]) for key, value in RECORDS]
        for codec in CODECS:
            topic = f"{writer}-{codec}"
            if mode != "read":
                produce(topic, codec)
            if mode == "write":
                continue
            for reader, consume in readers.items():
                read, span = consume(topic)
                assert read == wanted, f"{reader} reads {topic} otherwise than it was written"
                assert span == (0, len(RECORDS)), f"{reader} sees {span} in {topic}"
                checked.append([writer, codec, reader])
    print(json.dumps(checked))


main()
