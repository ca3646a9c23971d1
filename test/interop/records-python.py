"""Record batches by kafka-python's own code: reads those on stdin, writes some of its own.

A line of input is a batch in hexadecimal; the answer is its records as JSON. After them comes, for
each codec, a batch that kafka-python writes, in hexadecimal.
"""
import json
import sys

from kafka.record.default_records import DefaultRecordBatchBuilder
from kafka.record.memory_records import MemoryRecords


def text(data):
    return None if data is None else bytes(data).hex()


for line in sys.stdin:
    records = []
    for batch in iter(MemoryRecords(bytes.fromhex(line)).next_batch, None):
        assert batch.validate_crc()
        for r in batch:
            headers = [[key, text(value)] for key, value in r.headers]
            records.append([r.offset, r.timestamp, text(r.key), text(r.value), headers])
    print(json.dumps(records))

for codec in range(5):
    builder = DefaultRecordBatchBuilder(2, codec, False, -1, -1, -1, 1 << 20)
    for i in range(500):
        key = None if i == 3 else b"key-%d" % i
        value = None if i == 4 else b"value %d, and more of it " % i * 10
        builder.append(i, 1763000000000 + i, key, value, [("h", b"\x00\xff"), ("h", None)])
    print(bytes(builder.build()).hex())
