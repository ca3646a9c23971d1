import type { AvroOptions } from '../../src/registry/avro/parse.ts'

/** One value under one schema, as it stands in a program of ours and in one of Python's. */
export interface Case {
  readonly name: string
  readonly schema: unknown
  /** The schemas that it needs, by the names that it calls them. */
  readonly imports?: Readonly<Record<string, unknown>>
  readonly ours: unknown
  /** As `registry_serdes.py` tags it; the same as `ours` where it is left out. */
  readonly theirs?: unknown
  readonly options?: AvroOptions
  /** Protobuf: the message's full name. */
  readonly message?: string
}

/** A value written with one schema and read with another. */
export interface Evolution {
  readonly name: string
  readonly writer: unknown
  readonly reader: unknown
  readonly written: unknown
  readonly read: unknown
}

const record = (name: string, ...fields: unknown[]) => ({ type: 'record', name, fields })
const field = (name: string, type: unknown, more: object = {}) => ({ name, type, ...more })
const logical = (type: string, logicalType: string, more: object = {}) => ({
  type,
  logicalType,
  ...more,
})

export const avroCases: readonly Case[] = [
  {
    name: 'a record',
    schema: record(
      'shop.Order',
      field('id', 'string'),
      field('count', 'int'),
      field('total', 'double'),
      field('big', 'long'),
      field('paid', 'boolean'),
      field('hash', 'bytes'),
      field('tags', { type: 'array', items: 'string' }),
      field('stock', { type: 'map', values: 'int' }),
      field('state', { type: 'enum', name: 'State', symbols: ['NEW', 'PAID'] }),
      field('code', { type: 'fixed', name: 'Code', size: 3 }),
    ),
    ours: {
      id: 'a-1',
      count: -7,
      total: 12.5,
      big: 9_007_199_254_740_990,
      paid: true,
      hash: Buffer.of(0, 255),
      tags: ['x', ''],
      stock: { a: 1, b: 2 },
      state: 'PAID',
      code: Buffer.from('abc'),
    },
    theirs: {
      id: 'a-1',
      count: -7,
      total: 12.5,
      big: 9_007_199_254_740_990,
      paid: true,
      hash: { $bytes: '00ff' },
      tags: ['x', ''],
      stock: { a: 1, b: 2 },
      state: 'PAID',
      code: { $bytes: '616263' },
    },
  },
  {
    name: 'nested and recursive records',
    schema: record(
      'Tree',
      field('value', 'int'),
      field('children', { type: 'array', items: 'Tree' }),
      field('origin', record('Origin', field('city', 'string'))),
    ),
    ours: {
      value: 1,
      origin: { city: 'Ulm' },
      children: [{ value: 2, children: [], origin: { city: '' } }],
    },
  },
  {
    name: 'a union with null',
    schema: record('N', field('a', ['null', 'string']), field('b', ['null', 'string'])),
    ours: { a: null, b: 'six bytes' },
  },
  {
    name: 'a union of records',
    schema: record(
      'Payment',
      field('by', [
        record('Card', field('number', 'string')),
        record('Cash', field('amount', 'double')),
      ]),
    ),
    ours: { by: { Cash: { amount: 2.5 } } },
    theirs: { by: { amount: 2.5 } },
  },
  {
    name: 'logical types',
    schema: record(
      'Logical',
      field('price', logical('bytes', 'decimal', { precision: 12, scale: 3 })),
      field('fixed', logical('fixed', 'decimal', { name: 'D', size: 6, precision: 12, scale: 2 })),
      field('id', logical('string', 'uuid')),
      field('day', logical('int', 'date')),
      field('ms', logical('int', 'time-millis')),
      field('us', logical('long', 'time-micros')),
      field('at', logical('long', 'timestamp-millis')),
      field('exact', logical('long', 'timestamp-micros')),
      field('wall', logical('long', 'local-timestamp-millis')),
      field('wallExact', logical('long', 'local-timestamp-micros')),
      field('maybe', ['null', logical('long', 'timestamp-millis')]),
    ),
    ours: {
      price: '-1234.500',
      fixed: '99.01',
      id: '0f8fad5b-d9cb-469f-a165-70867728950e',
      day: '2026-11-21',
      ms: 34_200_007,
      us: 34_200_000_007,
      at: new Date('2026-11-21T09:30:00.007Z'),
      exact: 1_795_253_400_000_007n,
      wall: '2026-11-21T09:30:00.007',
      wallExact: '1969-12-31T23:59:59.999999',
      maybe: new Date(0),
    },
    theirs: {
      price: { $decimal: '-1234.500' },
      fixed: { $decimal: '99.01' },
      id: { $uuid: '0f8fad5b-d9cb-469f-a165-70867728950e' },
      day: { $date: '2026-11-21' },
      ms: { $time: '09:30:00.007000' },
      us: { $time: '09:30:00.000007' },
      at: { $datetime: '2026-11-21T09:30:00.007000+00:00' },
      exact: { $datetime: '2026-11-21T09:30:00.000007+00:00' },
      wall: { $datetime: '2026-11-21T09:30:00.007000' },
      wallExact: { $datetime: '1969-12-31T23:59:59.999999' },
      maybe: { $datetime: '1970-01-01T00:00:00+00:00' },
    },
  },
  {
    name: 'a long beyond a number',
    schema: record('Big', field('a', 'long'), field('b', 'long')),
    options: { long: 'bigint' },
    ours: { a: 2n ** 63n - 1n, b: -(2n ** 63n) },
    theirs: { a: { $int: '9223372036854775807' }, b: { $int: '-9223372036854775808' } },
  },
  {
    name: 'references, one through another',
    schema: record('shop.Basket', field('items', { type: 'array', items: 'shop.Item' })),
    imports: {
      'shop.Item': {
        schema: JSON.stringify(
          record('shop.Item', field('sku', 'string'), field('price', 'shop.Money')),
        ),
        imports: {
          'shop.Money': JSON.stringify(record('shop.Money', field('units', 'long'))),
        },
      },
    },
    ours: { items: [{ sku: 'six bytes', price: { units: 5 } }] },
  },
]

export const avroEvolutions: readonly Evolution[] = [
  {
    name: 'a reader that knows more',
    writer: record('Order', field('id', 'string'), field('count', 'int')),
    reader: record(
      'Order',
      field('count', 'long'),
      field('id', 'string'),
      field('note', ['null', 'string'], { default: null }),
      field('tags', { type: 'array', items: 'string' }, { default: ['new'] }),
    ),
    written: { id: 'a', count: 3 },
    read: { id: 'a', count: 3, note: null, tags: ['new'] },
  },
  {
    name: 'a reader that knows less',
    writer: record(
      'Order',
      field('id', 'string'),
      field('gone', { type: 'array', items: { type: 'map', values: 'double' } }),
      field('maybe', ['null', 'int']),
      field('count', 'int'),
    ),
    reader: record('Order', field('id', 'string'), field('count', 'int')),
    written: { id: 'a', gone: [{ x: 1.5 }, {}], maybe: 7, count: 3 },
    read: { id: 'a', count: 3 },
  },
  {
    name: 'a renamed field, by its alias',
    writer: record('Order', field('id', 'string')),
    reader: record('Order', field('name', 'string', { aliases: ['id'] })),
    written: { id: 'a' },
    read: { name: 'a' },
  },
]

const draft = { $schema: 'http://json-schema.org/draft-07/schema#' }

export const jsonCases: readonly Case[] = [
  {
    name: 'an object',
    schema: {
      ...draft,
      title: 'Order',
      type: 'object',
      required: ['id'],
      properties: { id: { type: 'string' }, count: { type: 'integer' }, total: { type: 'number' } },
    },
    ours: { id: 'grüße', count: 3, total: 1.5 },
  },
  {
    name: 'nested and null',
    schema: {
      ...draft,
      title: 'Nested',
      type: 'object',
      properties: {
        note: { type: ['string', 'null'] },
        lines: {
          type: 'array',
          items: { type: 'object', properties: { sku: { type: 'string' } } },
        },
      },
    },
    ours: { note: null, lines: [{ sku: 'a' }, {}] },
  },
  {
    name: 'one of several',
    schema: {
      ...draft,
      title: 'Payment',
      oneOf: [
        { type: 'object', required: ['card'], properties: { card: { type: 'string' } } },
        { type: 'object', required: ['cash'], properties: { cash: { type: 'number' } } },
      ],
    },
    ours: { cash: 2.5 },
  },
  {
    name: 'formats',
    schema: {
      ...draft,
      title: 'Formats',
      properties: { at: { type: 'string', format: 'date-time' }, id: { format: 'uuid' } },
    },
    ours: { at: '2026-11-21T09:30:00Z', id: '0f8fad5b-d9cb-469f-a165-70867728950e' },
  },
  {
    name: 'references, one through another',
    schema: { ...draft, title: 'Basket', properties: { item: { $ref: 'item.json' } } },
    imports: {
      'item.json': {
        schema: JSON.stringify({
          ...draft,
          type: 'object',
          required: ['price'],
          properties: { price: { $ref: 'money.json' } },
        }),
        imports: {
          'money.json': JSON.stringify({ ...draft, type: 'object', required: ['units'] }),
        },
      },
    },
    ours: { item: { price: { units: 5 } } },
  },
]

const header = 'syntax = "proto3"; package shop.v1;'

export const protobufCases: readonly Case[] = [
  {
    name: 'every scalar',
    schema: `${header}
      message All {
        double a = 1; float b = 2; int64 c = 3; uint64 d = 4; int32 e = 5; fixed64 f = 6;
        fixed32 g = 7; bool h = 8; string i = 9; bytes j = 10; uint32 k = 11; sfixed32 l = 12;
        sfixed64 m = 13; sint32 n = 14; sint64 o = 15; repeated sint32 p = 16 [packed = false];
        optional int32 q = 17;
      }`,
    message: 'shop.v1.All',
    ours: {
      a: 1.5,
      b: -0.5,
      c: -(2n ** 63n),
      d: 2n ** 64n - 1n,
      e: -1,
      f: 1n,
      g: 4_294_967_295,
      h: true,
      i: 'grüße',
      j: new Uint8Array([0, 255]),
      k: 7,
      l: -7,
      m: -7n,
      n: -8,
      o: -8n,
      p: [1, -2],
      q: 0,
    },
    theirs: {
      a: 1.5,
      b: -0.5,
      c: '-9223372036854775808',
      d: '18446744073709551615',
      e: -1,
      f: '1',
      g: 4_294_967_295,
      h: true,
      i: 'grüße',
      j: 'AP8=',
      k: 7,
      l: -7,
      m: '-7',
      n: -8,
      o: '-8',
      p: [1, -2],
      q: 0,
    },
  },
  {
    name: 'nested messages, enums and maps',
    schema: `${header}
      message Other { int32 x = 1; }
      message Order {
        map<string, Line> lines = 1;
        Status status = 2;
        message Line { int64 qty = 1; repeated Part parts = 2; message Part { string sku = 1; } }
        enum Status { NEW = 0; PAID = 1; }
        map<int32, bool> flags = 3;
      }`,
    message: 'shop.v1.Order',
    ours: {
      lines: { a: { qty: 3n, parts: [{ sku: 's' }] } },
      status: 1,
      flags: { 7: true },
    },
    theirs: {
      lines: { a: { qty: '3', parts: [{ sku: 's' }] } },
      status: 'PAID',
      flags: { 7: true },
    },
  },
  {
    name: 'a message within another, behind a map',
    schema: `${header}
      message Order { map<string, int32> counts = 1; message Line { string sku = 1; } Line line = 2; }`,
    message: 'shop.v1.Order.Line',
    ours: { sku: 'a' },
  },
  {
    name: 'a oneof',
    schema: `${header} message Payment { oneof by { string card = 1; Cash cash = 2; } message Cash { double amount = 1; } }`,
    message: 'shop.v1.Payment',
    ours: { by: { case: 'cash', value: { amount: 2.5 } } },
    theirs: { cash: { amount: 2.5 } },
  },
  {
    name: 'well-known types',
    schema: `${header}
      import "google/protobuf/timestamp.proto"; import "google/protobuf/duration.proto";
      import "google/protobuf/wrappers.proto"; import "google/protobuf/struct.proto";
      message Known {
        google.protobuf.Timestamp at = 1; google.protobuf.Duration took = 2;
        google.protobuf.StringValue note = 3; google.protobuf.Struct more = 4;
      }`,
    message: 'shop.v1.Known',
    ours: {
      at: { seconds: 1_795_253_400n, nanos: 7_000 },
      took: { seconds: 3n, nanos: 500_000_000 },
      note: '',
      more: { a: [1, null, true] },
    },
    theirs: {
      at: '2026-11-21T09:30:00.000007Z',
      took: '3.500s',
      note: '',
      more: { a: [1, null, true] },
    },
  },
  {
    name: 'imports, one through another',
    schema: `${header} import "shop/item.proto"; message Basket { repeated Item items = 1; }`,
    imports: {
      'shop/item.proto': {
        schema:
          `${header} import "shop/money.proto"; message Item { string sku = 1; common.Money price = 2; }`.replace(
            'common.',
            'shop.common.',
          ),
        imports: {
          'shop/money.proto':
            'syntax = "proto3"; package shop.common; message Money { int64 units = 1; }',
        },
      },
    },
    message: 'shop.v1.Basket',
    ours: { items: [{ sku: 's', price: { units: 5n } }] },
    theirs: { items: [{ sku: 's', price: { units: '5' } }] },
  },
  {
    name: 'proto2, with defaults, groups and required fields',
    schema: `syntax = "proto2"; package old;
      message Order {
        required string id = 1; optional int32 count = 2 [default = 7];
        repeated group Line = 3 { optional string sku = 4; }
      }`,
    message: 'old.Order',
    ours: { id: 'a', line: [{ sku: 'x' }, {}] },
  },
]

export const protobufEvolutions: readonly (Evolution & { message: string })[] = [
  {
    name: 'a reader that knows more',
    message: 'shop.v1.Order',
    writer: `${header} message Order { string id = 1; int32 count = 2; }`,
    reader: `${header} message Order { string id = 1; int64 count = 2; repeated string tags = 3; }`,
    written: { id: 'a', count: 3 },
    read: { id: 'a', count: '3' },
  },
  {
    name: 'a reader that knows less',
    message: 'shop.v1.Order',
    writer: `${header} message Order { string id = 1; Line line = 2; message Line { string sku = 1; } }`,
    reader: `${header} message Order { string id = 1; reserved 2; }`,
    written: { id: 'a', line: { sku: 'x' } },
    read: { id: 'a' },
  },
]
