"""Copies a topic in transactions with both Python clients, and looks at it with their admins.

Arguments: the bootstrap servers. Each client fills a topic, reads it as a member of a group, and
writes what it read to another with its offsets, every third transaction aborted and done again.
Prints what the other client then reads, and what the admin clients say, as one JSON line.
"""

import json
import sys

import confluent_kafka
import confluent_kafka.admin
import kafka
import kafka.admin
from kafka.structs import OffsetAndMetadata

SERVERS = sys.argv[1]
RECORDS = 90
BATCH = 10


def confluent_copy(source, target, group):
    filler = confluent_kafka.Producer({"bootstrap.servers": SERVERS, "acks": "all"})
    delivered = []
    for i in range(RECORDS):
        told = lambda error, _: delivered.append(error)
        filler.produce(source, str(i), partition=i % 2, on_delivery=told)
    assert filler.flush(30) == 0 and delivered == [None] * RECORDS, delivered
    consumer = confluent_kafka.Consumer(
        {
            "bootstrap.servers": SERVERS,
            "group.id": group,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    consumer.subscribe([source])
    producer = confluent_kafka.Producer({"bootstrap.servers": SERVERS, "transactional.id": group})
    producer.init_transactions(30)
    done = 0
    for turn in range(RECORDS):
        messages = []
        while len(messages) < min(BATCH, RECORDS - done):
            message = consumer.poll(60)
            assert message is not None and message.error() is None, message
            messages.append(message)
        producer.begin_transaction()
        for message in messages:
            producer.produce(target, message.value())
        places = consumer.position(consumer.assignment())
        places = [place for place in places if place.offset >= 0]
        producer.send_offsets_to_transaction(places, consumer.consumer_group_metadata(), 30)
        if turn % 3 == 0:
            producer.abort_transaction(30)
            for place in consumer.committed(consumer.assignment(), 10):
                place.offset = max(place.offset, 0)
                consumer.seek(place)
            continue
        producer.commit_transaction(30)
        done += len(messages)
        if done == RECORDS:
            break
    consumer.close()


def kafka_python_copy(source, target, group):
    filler = kafka.KafkaProducer(bootstrap_servers=SERVERS, acks="all")
    delivered = []
    for i in range(RECORDS):
        sent = filler.send(source, str(i).encode(), partition=i % 2)
        sent.add_callback(lambda report: delivered.append(report.offset))
    filler.flush(30)
    filler.close()
    assert len(delivered) == RECORDS, delivered
    consumer = kafka.KafkaConsumer(
        source,
        bootstrap_servers=SERVERS,
        group_id=group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        heartbeat_interval_ms=1000,
    )
    producer = kafka.KafkaProducer(bootstrap_servers=SERVERS, transactional_id=group)
    producer.init_transactions()
    done = 0
    for turn in range(RECORDS):
        messages = []
        while len(messages) < min(BATCH, RECORDS - done):
            polled = consumer.poll(60000, max_records=min(BATCH, RECORDS - done) - len(messages))
            assert polled, f"nothing more after {done}"
            messages += [message for each in polled.values() for message in each]
        producer.begin_transaction()
        for message in messages:
            producer.send(target, message.value)
        places = {
            place: OffsetAndMetadata(consumer.position(place), "", -1)
            for place in consumer.assignment()
        }
        producer.send_offsets_to_transaction(places, consumer.group_metadata())
        if turn % 3 == 0:
            producer.abort_transaction()
            for place in consumer.assignment():
                consumer.seek(place, consumer.committed(place) or 0)
            continue
        producer.commit_transaction()
        done += len(messages)
        if done == RECORDS:
            break
    consumer.close()
    producer.close()


def confluent_read(topic):
    consumer = confluent_kafka.Consumer(
        {"bootstrap.servers": SERVERS, "group.id": "none", "enable.partition.eof": True}
    )
    consumer.assign([confluent_kafka.TopicPartition(topic, i, 0) for i in range(2)])
    values, ends = [], 0
    while ends < 2:
        message = consumer.poll(60)
        assert message is not None, f"{topic} does not end"
        if message.error() is None:
            values.append(int(message.value()))
        else:
            error = message.error()
            assert error.code() == confluent_kafka.KafkaError._PARTITION_EOF, error
            ends += 1
    consumer.close()
    return values


def kafka_python_read(topic):
    places = [kafka.TopicPartition(topic, i) for i in range(2)]
    consumer = kafka.KafkaConsumer(
        bootstrap_servers=SERVERS, isolation_level="read_committed", consumer_timeout_ms=20000
    )
    consumer.assign(places)
    consumer.seek_to_beginning(*places)
    ends = consumer.end_offsets(places)
    values = []
    while any(consumer.position(place) < ends[place] for place in places):
        polled = consumer.poll(1000)
        values += [int(message.value) for each in polled.values() for message in each]
    consumer.close()
    return values


def main():
    admin = confluent_kafka.admin.AdminClient({"bootstrap.servers": SERVERS})
    other = kafka.KafkaAdminClient(bootstrap_servers=SERVERS)
    names = [f"{client}-{end}" for client in ("confluent", "python") for end in ("in", "out")]
    new = [confluent_kafka.admin.NewTopic(name, 2) for name in names[:2]]
    for made in admin.create_topics(new).values():
        made.result(30)
    other.create_topics([kafka.admin.NewTopic(name, 2, 1) for name in names[2:]])
    confluent_copy("confluent-in", "confluent-out", "confluent")
    kafka_python_copy("python-in", "python-out", "python")
    saw = {
        "confluent": sorted(kafka_python_read("confluent-out")),
        "python": sorted(confluent_read("python-out")),
        "topics": sorted(name for name in other.list_topics() if name in names),
    }
    offsets = {}
    for group in ("confluent", "python"):
        asked = [confluent_kafka.ConsumerGroupTopicPartitions(group)]
        places = admin.list_consumer_group_offsets(asked)[group].result(30).topic_partitions
        offsets[group] = sorted([place.topic, place.partition, place.offset] for place in places)
    saw["offsets"] = offsets
    listed = admin.list_consumer_groups().result(30)
    saw["groups"] = sorted([group.group_id, group.state.name] for group in listed.valid)
    for group in admin.delete_consumer_groups(["confluent", "python"]).values():
        group.result(30)
    saw["groups_left"] = len(other.list_groups())
    for deleted in admin.delete_topics(names[:2]).values():
        deleted.result(30)
    other.delete_topics(names[2:])
    left = admin.list_topics(timeout=10).topics
    saw["topics_left"] = sorted(name for name in left if name in names)
    other.close()
    print(json.dumps(saw))


main()
