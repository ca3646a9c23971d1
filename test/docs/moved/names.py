"""Prints which of the names on standard input, one a line, the Python clients do not have."""

import sys

import confluent_kafka
import confluent_kafka.admin
import kafka
import kafka.errors

modules = {
    "confluent-kafka": [confluent_kafka, confluent_kafka.admin],
    "kafka-python": [kafka, kafka.errors],
}
settings = {**kafka.KafkaProducer.DEFAULT_CONFIG, **kafka.KafkaConsumer.DEFAULT_CONFIG}


def is_there(client, name):
    first, *rest = name.split(".")
    if client == "kafka-python" and not rest and first in settings:
        return True
    for module in modules[client]:
        found = getattr(module, first, None)
        for each in rest:
            found = getattr(found, each, None)
        if found is not None:
            return True
    return False


for line in sys.stdin:
    client, name = line.split()
    if not is_there(client, name):
        print(client, name)
