import type { Row, Verdict } from './compat-row.ts'

const proto3 = (body: string, packageName = 'shop') =>
  `syntax = "proto3";\npackage ${packageName};\n${body}\n`
const proto2 = (body: string) => `syntax = "proto2";\npackage shop;\n${body}\n`
const order = (fields: string, around = '') => proto3(`message Order { ${fields} }\n${around}`)

function row(name: string, from: string, to: string, expected: Verdict): Row {
  return { name, format: 'PROTOBUF', old: from, new: to, expected }
}

/** A message whose field changes. */
function field(name: string, from: string, to: string, expected: Verdict): Row {
  return row(name, order(`int64 id = 1; ${from}`), order(`int64 id = 1; ${to}`), expected)
}

const scalars: readonly Row[] = [
  field('field added', '', 'string note = 2;', 'both'),
  field('field removed', 'string note = 2;', '', 'both'),
  field('field removed and reserved', 'string note = 2;', 'reserved 2; reserved "note";', 'both'),
  field('reserved number used', 'reserved 2;', 'string note = 2;', 'neither'),
  field('reserved name used', 'reserved "note";', 'string note = 2;', 'neither'),
  field('field renamed', 'string note = 2;', 'string remark = 2;', 'both'),
  field('number changed', 'string note = 2;', 'string note = 3;', 'both'),
  field('int32 to int64', 'int32 n = 2;', 'int64 n = 2;', 'both'),
  field('int32 to bool', 'int32 n = 2;', 'bool n = 2;', 'both'),
  field('int32 to sint32', 'int32 n = 2;', 'sint32 n = 2;', 'neither'),
  field('sint32 to sint64', 'sint32 n = 2;', 'sint64 n = 2;', 'both'),
  field('fixed32 to sfixed32', 'fixed32 n = 2;', 'sfixed32 n = 2;', 'both'),
  field('fixed32 to fixed64', 'fixed32 n = 2;', 'fixed64 n = 2;', 'neither'),
  field('string to bytes', 'string note = 2;', 'bytes note = 2;', 'both'),
  field('string to int32', 'string note = 2;', 'int32 note = 2;', 'neither'),
  field('float to double', 'float n = 2;', 'double n = 2;', 'neither'),
  field('number reused with another type', 'string note = 2;', 'int64 count = 2;', 'neither'),
  field('string made repeated', 'string note = 2;', 'repeated string note = 2;', 'both'),
  field('int32 made repeated', 'int32 n = 2;', 'repeated int32 n = 2;', 'neither'),
  field('optional added in proto3', 'int32 n = 2;', 'optional int32 n = 2;', 'both'),
  field(
    'fields in another order',
    'string a = 2; string b = 3;',
    'string b = 3; string a = 2;',
    'both',
  ),
]

const item = 'message Item { string sku = 1; }'
const line = 'message Line { string sku = 1; }'
const state = 'enum State { UNKNOWN = 0; NEW = 1; }'

const types: readonly Row[] = [
  row('message added', order('int64 id = 1;'), order('int64 id = 1;', item), 'backward'),
  row('message removed', order('int64 id = 1;', item), order('int64 id = 1;'), 'forward'),
  row(
    'message type of a field changed',
    order('Item item = 1;', item + line),
    order('Line item = 1;', item + line),
    'neither',
  ),
  row(
    'message to string',
    order('Item item = 1;', item),
    order('string item = 1;', item),
    'neither',
  ),
  row(
    'field added to a nested message',
    order('Item item = 1; message Item { string sku = 1; }'),
    order('Item item = 1; message Item { string sku = 1; int32 n = 2; }'),
    'both',
  ),
  row(
    'type changed in a nested message',
    order('Item item = 1; message Item { string sku = 1; }'),
    order('Item item = 1; message Item { int64 sku = 1; }'),
    'neither',
  ),
  row(
    'enum value added',
    order('State state = 1;', state),
    order('State state = 1;', 'enum State { UNKNOWN = 0; NEW = 1; SENT = 2; }'),
    'both',
  ),
  row(
    'enum value removed',
    order('State state = 1;', state),
    order('State state = 1;', 'enum State { UNKNOWN = 0; }'),
    'both',
  ),
  row('enum to int32', order('State state = 1;', state), order('int32 state = 1;', state), 'both'),
  row(
    'enum to string',
    order('State state = 1;', state),
    order('string state = 1;', state),
    'neither',
  ),
  row(
    'map value type changed',
    order('map<string, int32> m = 1;'),
    order('map<string, string> m = 1;'),
    'neither',
  ),
  row(
    'map value type widened',
    order('map<string, int32> m = 1;'),
    order('map<string, int64> m = 1;'),
    'both',
  ),
  row(
    'package changed',
    order('int64 id = 1;'),
    proto3('message Order { int64 id = 1; }', 'store'),
    'neither',
  ),
  row(
    'recursive message gets a field',
    order('Order next = 1;'),
    order('Order next = 1; int32 n = 2;'),
    'both',
  ),
]

const oneofs: readonly Row[] = [
  field('field moved into a new oneof', 'string a = 2;', 'oneof x { string a = 2; }', 'both'),
  field(
    'field moved into a oneof with a new one',
    'string a = 2;',
    'oneof x { string a = 2; string b = 3; }',
    'backward',
  ),
  field(
    'two fields moved into one oneof',
    'string a = 2; string b = 3;',
    'oneof x { string a = 2; string b = 3; }',
    'forward',
  ),
  field(
    'member added to a oneof',
    'oneof x { string a = 2; }',
    'oneof x { string a = 2; string b = 3; }',
    'backward',
  ),
  field(
    'member removed from a oneof',
    'oneof x { string a = 2; string b = 3; }',
    'oneof x { string a = 2; }',
    'forward',
  ),
  field(
    'field moved into an existing oneof',
    'string b = 3; oneof x { string a = 2; }',
    'oneof x { string a = 2; string b = 3; }',
    'forward',
  ),
  field('oneof removed with all members', 'oneof x { string a = 2; }', '', 'both'),
  field(
    'oneof renamed',
    'oneof x { string a = 2; string b = 3; }',
    'oneof y { string a = 2; string b = 3; }',
    'both',
  ),
]

const proto2Rows: readonly Row[] = [
  row(
    'required field added',
    proto2('message Order { optional int64 id = 1; }'),
    proto2('message Order { optional int64 id = 1; required string note = 2; }'),
    'neither',
  ),
  row(
    'required field removed',
    proto2('message Order { optional int64 id = 1; required string note = 2; }'),
    proto2('message Order { optional int64 id = 1; }'),
    'neither',
  ),
  row(
    'optional field becomes required',
    proto2('message Order { optional string note = 1; }'),
    proto2('message Order { required string note = 1; }'),
    'forward',
  ),
  row(
    'required field becomes optional',
    proto2('message Order { required string note = 1; }'),
    proto2('message Order { optional string note = 1; }'),
    'backward',
  ),
]

export const protobufRows: readonly Row[] = [...scalars, ...types, ...oneofs, ...proto2Rows]
