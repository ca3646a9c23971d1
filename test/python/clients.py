"""Prints the versions of the clients, and the codecs that kafka-python found, as JSON."""

import json

import confluent_kafka
import kafka
from kafka import codec

print(
    json.dumps(
        {
            "confluent-kafka": confluent_kafka.__version__,
            "librdkafka": confluent_kafka.libversion()[0],
            "kafka-python": kafka.__version__,
            "codecs": {
                name: getattr(codec, f"has_{name}")()
                for name in ("gzip", "snappy", "lz4", "zstd")
            },
        }
    )
)
