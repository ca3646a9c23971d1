"""confluent-kafka's serdes behind a line of JSON a request: read from stdin, answered on stdout."""

import base64
import datetime
import decimal
import json
import os
import sys
import tempfile
import uuid

import attrs
from confluent_kafka.schema_registry import (
    Schema,
    SchemaReference,
    SchemaRegistryClient,
    header_schema_id_serializer,
    prefix_schema_id_serializer,
    topic_subject_name_strategy,
)
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer, ProtobufSerializer
from confluent_kafka.serialization import SerializationContext
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from grpc_tools import protoc

import grpc_tools

INCLUDES = os.path.join(os.path.dirname(grpc_tools.__file__), '_proto')


def compile_files(files, main):
    """protoc's descriptors of a file and all that it imports, imported ones first."""
    with tempfile.TemporaryDirectory() as folder:
        for path, text in files.items():
            target = os.path.join(folder, path)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, 'w') as out:
                out.write(text)
        result = os.path.join(folder, 'descriptors')
        arguments = ['protoc', f'-I{folder}', f'-I{INCLUDES}', '--include_imports', f'-o{result}', main]
        if protoc.main(arguments) != 0:
            raise ValueError(f'protoc refused {main}')
        descriptors = descriptor_pb2.FileDescriptorSet()
        with open(result, 'rb') as read:
            descriptors.ParseFromString(read.read())
        return descriptors


def message_class(files, main, name):
    pool = descriptor_pool.DescriptorPool()
    for each in compile_files(files, main).file:
        pool.Add(each)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(name))


class TextClient(SchemaRegistryClient):
    """Compiles .proto text itself where a registry can't give descriptors."""

    def get_schema(self, schema_id, subject_name=None, fmt=None, reference_format=None):
        schema = super().get_schema(schema_id, subject_name)
        return self._serialized(schema) if fmt == 'serialized' else schema

    def get_schema_by_guid(self, guid, fmt=None):
        schema = super().get_schema_by_guid(guid)
        return self._serialized(schema) if fmt == 'serialized' else schema

    def get_version(self, subject_name, version, deleted=False, fmt=None):
        found = super().get_version(subject_name, version, deleted)
        if fmt == 'serialized':
            return attrs.evolve(found, schema=self._serialized(found.schema))
        return found

    def _serialized(self, schema):
        if 'message' not in schema.schema_str:
            return schema
        files = {'default': schema.schema_str}
        self._collect(schema, files)
        main = compile_files(files, 'default').file[-1]
        text = base64.b64encode(main.SerializeToString()).decode()
        return Schema(text, schema.schema_type, schema.references)

    def _collect(self, schema, files):
        for each in schema.references or []:
            target = super().get_version(each.subject, each.version).schema
            files[each.name] = target.schema_str
            self._collect(target, files)


def tagged(value):
    """What Python read, as JSON that tells a date from a text."""
    if isinstance(value, dict):
        return {key: tagged(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [tagged(each) for each in value]
    if isinstance(value, decimal.Decimal):
        return {'$decimal': str(value)}
    if isinstance(value, bytes):
        return {'$bytes': value.hex()}
    if isinstance(value, int) and abs(value) > 2**53:
        return {'$int': str(value)}
    if isinstance(value, uuid.UUID):
        return {'$uuid': str(value)}
    for kind in (datetime.datetime, datetime.date, datetime.time):
        if isinstance(value, kind):
            return {'$' + kind.__name__: value.isoformat()}
    return value


def untagged(value):
    if isinstance(value, list):
        return [untagged(each) for each in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        (tag, text), = value.items()
        if tag == '$decimal':
            return decimal.Decimal(text)
        if tag == '$bytes':
            return bytes.fromhex(text)
        if tag == '$int':
            return int(text)
        if tag == '$uuid':
            return uuid.UUID(text)
        if tag in ('$datetime', '$date', '$time'):
            return getattr(datetime, tag[1:]).fromisoformat(text)
    return {key: untagged(each) for key, each in value.items()}


def schema_of(request, key='schema'):
    references = [SchemaReference(**each) for each in request.get('references', [])]
    return Schema(request[key], request['format'], references)


def writer(client, request):
    place = header_schema_id_serializer if request['header'] else prefix_schema_id_serializer
    conf = {'subject.name.strategy': topic_subject_name_strategy, 'schema.id.serializer': place}
    if request['format'] == 'AVRO':
        return AvroSerializer(client, schema_of(request), conf=conf)
    if request['format'] == 'JSON':
        return JSONSerializer(schema_of(request), client, conf=conf)
    made = message_class(request['files'], request['main'], request['message'])
    return ProtobufSerializer(made, client, conf)


def reader(client, request):
    conf = {'subject.name.strategy': topic_subject_name_strategy}
    if request['format'] == 'AVRO':
        schema = schema_of(request) if request.get('schema') else None
        return AvroDeserializer(client, schema, conf=conf)
    if request['format'] == 'JSON':
        schema = schema_of(request) if request.get('schema') else None
        return JSONDeserializer(schema, schema_registry_client=client, conf=conf)
    made = message_class(request['files'], request['main'], request['message'])
    return ProtobufDeserializer(made, conf, client)


def write(request):
    client = TextClient({'url': request['url']})
    value = untagged(request['value'])
    serialize = writer(client, request)
    if request['format'] == 'PROTOBUF' and value is not None:
        value = json_format.ParseDict(value, serialize._msg_class())
    headers = []
    context = SerializationContext(request['topic'], 'value', headers)
    payload = serialize(value, context)
    return {
        'bytes': None if payload is None else payload.hex(),
        'headers': [[name, each.hex()] for name, each in headers],
    }


def read(request):
    client = TextClient({'url': request['url']})
    headers = [(name, bytes.fromhex(each)) for name, each in request['headers']]
    context = SerializationContext(request['topic'], 'value', headers)
    payload = None if request['bytes'] is None else bytes.fromhex(request['bytes'])
    value = reader(client, request)(payload, context)
    if request['format'] == 'PROTOBUF' and value is not None:
        value = json_format.MessageToDict(value)
    return tagged(value)


def descriptor(request):
    return compile_files(request['files'], request['main']).file[-1].SerializeToString().hex()


COMMANDS = {'write': write, 'read': read, 'descriptor': descriptor}

for line in sys.stdin:
    request = json.loads(line)
    try:
        answer = {'ok': COMMANDS[request['op']](request)}
    except Exception as error:  # whatever went wrong is the answer
        answer = {'error': f'{type(error).__name__}: {error}'}
    sys.stdout.write(json.dumps(answer) + '\n')
    sys.stdout.flush()
