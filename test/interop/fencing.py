"""A transactional producer of librdkafka: `takeover` runs one transaction, `taken` is taken over.

Arguments: the mode, the bootstrap servers, the transactional id, the topic. `taken` prints `open`
when its transaction has a record, waits for a line, and prints what becomes of its commit.
"""

import sys

import confluent_kafka

MODE, SERVERS, TRANSACTIONAL_ID, TOPIC = sys.argv[1:]


def main():
    producer = confluent_kafka.Producer(
        {"bootstrap.servers": SERVERS, "transactional.id": TRANSACTIONAL_ID}
    )
    producer.init_transactions(30)
    producer.begin_transaction()
    producer.produce(TOPIC, value=MODE)
    left = producer.flush(30)
    assert left == 0, f"{left} not delivered"
    if MODE == "takeover":
        producer.commit_transaction(30)
        return
    print("open", flush=True)
    sys.stdin.readline()
    try:
        producer.commit_transaction(30)
        print("committed")
    except confluent_kafka.KafkaException as thrown:
        error = thrown.args[0]
        print(f"{error.name()} {'fatal' if error.fatal() else 'not fatal'}")


main()
