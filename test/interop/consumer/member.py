"""A member of a group on librdkafka: prints the values that it gets until it is told to stop.

member.py BOOTSTRAP GROUP TOPIC STRATEGY
"""

import signal
import sys

from confluent_kafka import Consumer

bootstrap, group, topic, strategy = sys.argv[1:]
running = True


def stop(*_):
    global running
    running = False


signal.signal(signal.SIGTERM, stop)
consumer = Consumer(
    {
        "bootstrap.servers": bootstrap,
        "group.id": group,
        "auto.offset.reset": "earliest",
        "partition.assignment.strategy": strategy,
        "heartbeat.interval.ms": 200,
    }
)
consumer.subscribe([topic])
while running:
    message = consumer.poll(0.1)
    if message is not None and message.error() is None:
        print(message.value().decode(), flush=True)
consumer.close()
