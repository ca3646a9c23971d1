"""confluent-kafka's client against a registry: what each call gives, as one JSON object."""

import json
import sys

from confluent_kafka.schema_registry import (
    ConfigCompatibilityLevel,
    Schema,
    SchemaReference,
    SchemaRegistryClient,
    ServerConfig,
)
from confluent_kafka.schema_registry.error import SchemaRegistryError


def record(*fields):
    return Schema(json.dumps({'type': 'record', 'name': 'Order', 'fields': list(fields)}), 'AVRO')


def refused(call):
    try:
        call()
    except SchemaRegistryError as error:
        return [error.http_status_code, error.error_code, error.error_message]
    return None


ID = {'name': 'id', 'type': 'long'}
client = SchemaRegistryClient({'url': sys.argv[1]})
first = record(ID)
wider = record(ID, {'name': 'note', 'type': 'string', 'default': ''})
breaking = record(ID, {'name': 'note', 'type': 'int'})
seen = {}

seen['ids'] = [client.register_schema('orders', first), client.register_schema('orders', wider)]
seen['again'] = client.register_schema('orders', first)
seen['whole'] = client.register_schema_full_response('copies', first).schema_id
found = client.lookup_schema('orders', wider)
seen['lookup'] = [found.subject, found.version, found.schema_id]
latest = client.get_latest_version('orders')
seen['latest'] = [latest.version, json.loads(latest.schema.schema_str)['fields'][1]['name']]
seen['versions'] = client.get_versions('orders')
seen['subjects'] = client.get_subjects()
seen['schema'] = json.loads(client.get_schema(1).schema_str)['name']
seen['by guid'] = json.loads(client.get_schema_by_guid(latest.guid).schema_str)['name']
seen['of id'] = [[each.subject, each.version] for each in client.get_schema_versions(1)]
seen['compatible'] = [
    client.test_compatibility('orders', wider),
    client.test_compatibility('orders', breaking),
]
seen['breaking'] = refused(lambda: client.register_schema('orders', breaking))
seen['unknown'] = refused(lambda: client.get_latest_version('nothing'))

seen['level'] = client.get_compatibility()
client.set_compatibility('orders', 'NONE')
seen['own level'] = client.get_compatibility('orders')
client.set_config('orders', ServerConfig(compatibility=ConfigCompatibilityLevel.FULL))
seen['config'] = client.get_config('orders').compatibility_level
seen['full'] = refused(lambda: client.register_schema('orders', breaking))

reference = SchemaReference('Order', 'orders', 1)
basket = Schema('{"type":"array","items":"Order"}', 'AVRO', [reference])
seen['reference'] = client.register_schema('baskets', basket)
target = client.get_version('baskets', 1).schema.references[0]
seen['referred'] = [target.name, target.subject, target.version]
seen['guarded'] = refused(lambda: client.delete_subject('orders'))

client.delete_subject('baskets')
seen['deleted'] = client.delete_subject('orders')
seen['left'] = client.get_subjects()
client.delete_subject('baskets', permanent=True)
seen['gone'] = refused(lambda: client.delete_subject('nothing'))
json.dump(seen, sys.stdout)
