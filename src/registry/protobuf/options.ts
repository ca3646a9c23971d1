import type { DescMessage, Message } from '@bufbuild/protobuf'
import { ScalarType } from '@bufbuild/protobuf'
import { reflect } from '@bufbuild/protobuf/reflect'
import type { Constant, Cursor } from './cursor.ts'
import { integerOf } from './cursor.ts'

/**
 * Reads `name = value` into an options message of descriptor.proto. Options that it does not have
 * are custom ones: they say nothing of how values are written, and are passed over.
 */
export function readOption(cursor: Cursor, schema: DescMessage, options: Message): OptionRead {
  const path = optionPath(cursor)
  cursor.expect('=')
  const value = cursor.constant()
  if (path.length > 0) setOption(schema, options, path, value)
  return { name: path.join('.'), value }
}

export interface OptionRead {
  /** Empty for a custom option. */
  readonly name: string
  readonly value: Constant
}

/** `deprecated`, `features.field_presence`; empty where a part is an extension in brackets. */
function optionPath(cursor: Cursor): string[] {
  const path: string[] = []
  let custom = false
  do {
    if (cursor.skip('(')) {
      cursor.name('the name of an option')
      cursor.expect(')')
      custom = true
    } else path.push(cursor.word('the name of an option'))
  } while (cursor.skip('.'))
  return custom ? [] : path
}

function setOption(
  schema: DescMessage,
  options: Message,
  path: readonly string[],
  constant: Constant,
): void {
  const [name, ...rest] = path
  const field = schema.fields.find(each => each.name === name)
  if (!field) return
  const message = reflect(schema, options)
  if (field.fieldKind === 'message' && rest.length > 0) {
    const inner = message.get(field)
    setOption(field.message, inner.message, rest, constant)
    message.set(field, inner)
  } else if (field.fieldKind === 'enum' && constant.is === 'word') {
    const value = field.enum.values.find(each => each.name === constant.value)
    if (value) message.set(field, value.number)
  } else if (field.fieldKind === 'scalar') {
    const value = scalar(field.scalar, constant)
    if (value !== undefined) message.set(field, value)
  }
}

function scalar(type: ScalarType, constant: Constant): boolean | string | number | undefined {
  if (type === ScalarType.BOOL && constant.is === 'word') return constant.value === 'true'
  if (type === ScalarType.STRING && constant.is === 'text') return constant.value.toString('utf8')
  if (type === ScalarType.INT32 && constant.is === 'number') return integerOf(constant.value)
  return undefined
}
