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
        self.refused = {}
        self.consumer = confluent_kafka.Consumer(settings)
        self.consumer.subscribe([TOPIC])

    def read(self):
        """The records that were read, and those that are committed now."""
        message = self.consumer.poll(0.1)
        if message is None:
            # A partition that stayed goes on behind them.
            mine = [self.refused[i] for i in self.partitions() & self.refused.keys()]
            return [], sum(map(self.commit, mine), [])
        assert message.error() is None, message.error()
        return [(message.partition(), message.offset())], self.commit(message)

    def commit(self, message):
        partition = message.partition()
        self.refused.pop(partition, None)
        try:
            self.consumer.commit(message, asynchronous=False)
        except confluent_kafka.KafkaException as failure:
            # If the partition moved to the other member, that one will read it again.
            assert failure.args[0].name() in MOVED, failure
            self.refused[partition] = message
            return []
        return [(partition, message.offset())]

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
        records = [(m.partition, m.offset) for messages in polled.values() for m in messages]
        if not polled:
            return [], []
        try:
            self.consumer.commit()
        except kafka.errors.CommitFailedError:
            return records, []
        return records, records

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

    def __init__(self, client, read, kept):
        super().__init__(daemon=True)
        self.client, self.all_read, self.all_kept = client, read, kept
        self.share, self.leaving, self.failure = set(), False, None
        self.start()

    def run(self):
        try:
            while not self.leaving:
                records, committed = self.client.read()
                self.all_read += records
                self.all_kept.update(committed)
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
    read, kept = [], set()
    first = Member(client(), read, kept)
    wait_for([first], lambda: len(read) >= RECORDS // 4, "a quarter read by one")
    second = Member(client(), read, kept)
    half = PARTITIONS // 2
    both = [first, second]
    shares = []

    def is_shared():
        # Kept as they were seen: who joins once more has nothing for a moment.
        shares[:] = [sorted(member.share) for member in both]
        return all(len(share) == half for share in shares)

    wait_for(both, is_shared, "half of the partitions each")
    assert sorted(sum(shares, [])) == list(range(PARTITIONS)), shares
    first.leave()
    every = {(i % PARTITIONS, i // PARTITIONS) for i in range(RECORDS)}
    wait_for([second], lambda: len(second.share) == PARTITIONS, "all partitions for who is left")
    wait_for([second], lambda: set(read) == every, "every record")
    # A last one whose commit was refused has been read, and must be committed yet.
    last = {(i, RECORDS // PARTITIONS - 1) for i in range(PARTITIONS)}
    wait_for([second], lambda: last <= kept, "every partition's end committed")
    second.leave()
    reader = client()
    committed = reader.committed()
    reader.close()
    assert committed == [RECORDS // PARTITIONS] * PARTITIONS, committed
    print(json.dumps({"shares": shares, "repeated": len(read) - RECORDS, "committed": committed}))


main()
