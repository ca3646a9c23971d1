"""Consumer groups of both Python clients on a broker.

Arguments: the bootstrap servers, then a scenario: the client (confluent or kafka-python), its
assignor, and for confluent the group protocol. In each, one member reads half of a topic and
commits; another joins until both have a share; the first leaves; the other goes on to the end from
what was committed. Prints what was read by whom as one JSON line; exits with 1 if anything differs.
"""

import json
import sys
import threading
import time

import confluent_kafka
import kafka
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor

SERVERS, CLIENT, ASSIGNOR, PROTOCOL = sys.argv[1:5]
TOPIC = f"{CLIENT}-{ASSIGNOR}-{PROTOCOL}"
GROUP = f"group-{TOPIC}"
PARTITIONS = 4
RECORDS = 400


class Confluent:
    """A member that commits each record before it asks for the next."""

    def __init__(self):
        settings = {
            "bootstrap.servers": SERVERS,
            "group.id": GROUP,
            "group.protocol": PROTOCOL,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
        if PROTOCOL == "classic":
            settings |= {
                "partition.assignment.strategy": ASSIGNOR,
                "session.timeout.ms": 45000,
                "heartbeat.interval.ms": 100,
            }
        else:
            settings |= {"group.remote.assignor": ASSIGNOR}
        self.consumer = confluent_kafka.Consumer(settings)
        self.consumer.subscribe([TOPIC])

    def read(self):
        message = self.consumer.poll(0.1)
        if message is None:
            return []
        assert message.error() is None, message.error()
        try:
            self.consumer.commit(message, asynchronous=False)
        except confluent_kafka.KafkaException as failure:
            # The record moved to the other member, which will read it again.
            assert failure.args[0].name() in MOVED, failure
        return [(message.partition(), message.offset())]

    def partitions(self):
        return {place.partition for place in self.consumer.assignment()}

    def committed(self):
        places = [confluent_kafka.TopicPartition(TOPIC, i) for i in range(PARTITIONS)]
        return [place.offset for place in self.consumer.committed(places, timeout=10)]

    def close(self):
        self.consumer.close()


MOVED = {"ILLEGAL_GENERATION", "REBALANCE_IN_PROGRESS", "UNKNOWN_MEMBER_ID", "STALE_MEMBER_EPOCH"}


class KafkaPython:
    """The same with the other client."""

    def __init__(self):
        assignors = {"range": RangePartitionAssignor, "roundrobin": RoundRobinPartitionAssignor}
        self.consumer = kafka.KafkaConsumer(
            TOPIC,
            bootstrap_servers=SERVERS,
            group_id=GROUP,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            max_poll_records=1,
            session_timeout_ms=45000,
            heartbeat_interval_ms=100,
            partition_assignment_strategy=[assignors[ASSIGNOR]],
        )

    def read(self):
        # Long enough for a rebalance: a poll that ends during one leaves it to the next.
        polled = self.consumer.poll(timeout_ms=3000)
        if not polled:
            return []
        try:
            self.consumer.commit()
        except kafka.errors.CommitFailedError:
            pass
        return [(m.partition, m.offset) for messages in polled.values() for m in messages]

    def partitions(self):
        return {place.partition for place in self.consumer.assignment()}

    def committed(self):
        places = [kafka.TopicPartition(TOPIC, i) for i in range(PARTITIONS)]
        return [self.consumer.committed(place) for place in places]

    def close(self):
        self.consumer.close()


def produce():
    failed = []
    producer = confluent_kafka.Producer({"bootstrap.servers": SERVERS})
    for i in range(RECORDS):
        producer.produce(
            TOPIC, b"%d" % i, partition=i % PARTITIONS, on_delivery=lambda e, _: e and failed.append(e)
        )
    left = producer.flush(30)
    assert not failed and left == 0, f"{failed}, {left} not delivered"


class Member(threading.Thread):
    """Reads in a thread of its own, as a process of its own would."""

    def __init__(self, client, read):
        super().__init__(daemon=True)
        self.client, self.all_read = client, read
        self.share, self.leaving, self.failure = set(), False, None
        self.start()

    def run(self):
        try:
            while not self.leaving:
                self.all_read += self.client.read()
                self.share = self.client.partitions()
            self.client.close()
        except BaseException as failure:
            self.failure = failure
            raise

    def leave(self):
        self.leaving = True
        self.join(60)
        assert not self.is_alive(), "close() hangs"


def wait_for(members, condition, what):
    deadline = time.monotonic() + 120
    while not condition():
        assert all(member.failure is None for member in members), "a member failed"
        assert time.monotonic() < deadline, f"{what}, got {[m.share for m in members]}"
        time.sleep(0.01)


def main():
    produce()
    client = {"confluent": Confluent, "kafka-python": KafkaPython}[CLIENT]
    read = []
    first = Member(client(), read)
    wait_for([first], lambda: len(read) >= RECORDS // 4, "a quarter read by one")
    second = Member(client(), read)
    half = PARTITIONS // 2
    both = [first, second]
    wait_for(both, lambda: all(len(m.share) == half for m in both), "half of the partitions each")
    shares = [sorted(member.share) for member in both]
    assert sorted(sum(shares, [])) == list(range(PARTITIONS)), shares
    first.leave()
    every = {(i % PARTITIONS, i // PARTITIONS) for i in range(RECORDS)}
    wait_for([second], lambda: len(second.share) == PARTITIONS, "all partitions for who is left")
    wait_for([second], lambda: set(read) == every, "every record")
    second.leave()
    reader = client()
    committed = reader.committed()
    reader.close()
    assert committed == [RECORDS // PARTITIONS] * PARTITIONS, committed
    print(json.dumps({"shares": shares, "repeated": len(read) - RECORDS, "committed": committed}))


main()
