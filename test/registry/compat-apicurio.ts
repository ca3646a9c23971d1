import type { Row, Verdict } from './compat-row.ts'

interface Difference {
  readonly format: Row['format']
  /** Why ours says something else. */
  readonly reason: string
  /** What Apicurio Registry 3.3.3 says of each change. */
  readonly says: Readonly<Record<string, Verdict>>
}

/** Where Apicurio Registry judges otherwise, and why we don't follow it. */
export const apicurioDifferences: readonly Difference[] = [
  {
    format: 'AVRO',
    reason:
      'The Avro specification lets decimals match only if precision and scale do; the Java library ' +
      'looks at bytes alone, and 12.34 is read as 0.1234.',
    says: { 'decimal with another scale': 'both', 'decimal with another precision': 'both' },
  },
  {
    format: 'JSON',
    reason: 'Confluent documents that a property may become required if it has a default.',
    says: {
      'required property with default added to a closed object': 'neither',
      'property with default becomes required': 'forward',
    },
  },
  {
    format: 'JSON',
    reason:
      'Every value is valid for the added property, so nothing changes for either side; Confluent ' +
      'documents the same.',
    says: { 'property without limits added to an open object': 'forward' },
  },
  {
    format: 'JSON',
    reason: 'Apicurio reads every schema as draft 4, where exclusiveMinimum is a boolean.',
    says: { 'exclusiveMinimum removed': 'neither' },
  },
  {
    format: 'JSON',
    reason: 'Apicurio does not compare const with const: no old value is valid any more.',
    says: { 'const changed': 'both' },
  },
  {
    format: 'JSON',
    reason:
      'A value that is valid for one branch is valid for oneOf of branches with other types; ' +
      'Confluent documents the same.',
    says: {
      'type to oneOf with it': 'neither',
      'oneOf to one of its branches': 'neither',
      'oneOf to anyOf': 'backward',
    },
  },
  {
    format: 'PROTOBUF',
    reason:
      'Protobuf readers skip fields that they do not know, and leave out ones that are not there; ' +
      'Apicurio wants every removed number reserved, which neither Confluent’s rules nor the ' +
      'Protobuf documentation ask for.',
    says: {
      'field added': 'backward',
      'field removed': 'forward',
      'field removed and reserved': 'backward',
      'field added to a nested message': 'backward',
      'recursive message gets a field': 'backward',
      'enum value added': 'backward',
      'enum value removed': 'forward',
      'oneof removed with all members': 'forward',
    },
  },
  {
    format: 'PROTOBUF',
    reason: 'Names are not on the wire; Confluent documents renames as compatible.',
    says: { 'field renamed': 'neither' },
  },
  {
    format: 'PROTOBUF',
    reason: 'The same as one field removed and another one added.',
    says: { 'number changed': 'neither' },
  },
  {
    format: 'PROTOBUF',
    reason:
      'The Protobuf documentation lists these types as having the same bytes; Apicurio compares ' +
      'their names.',
    says: {
      'int32 to int64': 'neither',
      'int32 to bool': 'neither',
      'sint32 to sint64': 'neither',
      'fixed32 to sfixed32': 'neither',
      'string to bytes': 'neither',
      'enum to int32': 'neither',
      'map value type widened': 'neither',
    },
  },
  {
    format: 'PROTOBUF',
    reason:
      'The Protobuf documentation lets a singular text become repeated, and tracking presence ' +
      'changes no bytes; Apicurio compares the labels as written.',
    says: { 'string made repeated': 'neither', 'optional added in proto3': 'neither' },
  },
  {
    format: 'PROTOBUF',
    reason: 'Consumers find a message by its full name, so Confluent refuses another package.',
    says: { 'package changed': 'both' },
  },
  {
    format: 'PROTOBUF',
    reason:
      'Of fields that could be set together, a oneof keeps one; the Protobuf documentation calls ' +
      'this unsafe, Apicurio does not look at it.',
    says: {
      'two fields moved into one oneof': 'both',
      'field moved into an existing oneof': 'both',
    },
  },
  {
    format: 'PROTOBUF',
    reason:
      'A reader that requires a field fails without it; one that does not require it never fails. ' +
      'Apicurio refuses any change of label.',
    says: {
      'optional field becomes required': 'neither',
      'required field becomes optional': 'neither',
    },
  },
]

/** What Apicurio says of a change: as we do, where nothing is written above. */
export function apicurioSays({ format, name, expected }: Row): Verdict {
  const known = apicurioDifferences.find(each => each.format === format && name in each.says)
  return known?.says[name] ?? expected
}
