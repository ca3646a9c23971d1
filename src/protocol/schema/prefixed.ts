import { Reader, WireError } from '../../wire/reader.ts'
import { Writer } from '../../wire/writer.ts'
import type { Message } from './api.ts'
import type { ReadOf, Shape, WriteOf } from './field.ts'

/** The bytes of a message that carries its own version, as an int16 before it. */
export function encodeVersioned<S extends Shape>(
  message: Message<S>,
  version: number,
  value: WriteOf<S>,
): Buffer {
  const writer = new Writer()
  writer.int16(version)
  message.at(version).write(writer, value)
  return writer.toBuffer()
}

/**
 * Reads what `encodeVersioned` (or another client) wrote. A version above ours is read as the
 * highest that we know, since later versions only append; so old and new members of a group
 * understand each other.
 */
export function decodeVersioned<S extends Shape>(message: Message<S>, buffer: Buffer): ReadOf<S> {
  const reader = new Reader(buffer)
  const version = reader.int16()
  const [min, max] = message.versions
  if (version < min) throw new WireError(`${message.name}: version ${version} is not known`, 0)
  return message.at(Math.min(version, max)).read(reader)
}
