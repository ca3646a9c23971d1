"""Produces and reads back over each listener of a cluster, with librdkafka.

Argument: a JSON object of settings by name; the setting `token` becomes the token of OAUTHBEARER.
Prints one JSON line: by name, the value that came back, or the error.
"""

import json
import sys
import time

import confluent_kafka


def settings_of(given):
    settings = dict(given, **{"socket.timeout.ms": 10000})
    token = settings.pop("token", None)
    if token is not None:
        settings["oauth_cb"] = lambda _: (token, time.time() + 600)
    return settings


def once(name, given):
    errors = []
    settings = settings_of(given) | {"error_cb": errors.append}
    # Only who is refused waits for it to the end.
    patience = 10000 if name == "wrong" else 60000
    producer = confluent_kafka.Producer(settings | {"message.timeout.ms": patience})
    producer.poll(1)
    failed = []
    producer.produce(name, value=name, on_delivery=lambda error, _: error and failed.append(error))
    producer.flush(90)
    if failed:
        return f"{failed[0].name()}: {[error.name() for error in errors][:1]}"
    consumer = confluent_kafka.Consumer(
        settings | {"group.id": name, "auto.offset.reset": "earliest"}
    )
    consumer.subscribe([name])
    try:
        deadline = time.time() + 60
        while time.time() < deadline:
            message = consumer.poll(1)
            if message is not None and message.error() is None:
                return message.value().decode()
        return "nothing"
    finally:
        consumer.close()


print(json.dumps({name: once(name, given) for name, given in json.loads(sys.argv[1]).items()}))
