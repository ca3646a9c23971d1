/** The uuid of no topic: sixteen zero bytes, in Kafka's text form. */
export const ZERO_UUID = 'AAAAAAAAAAAAAAAAAAAAAA'

/** Kafka writes a uuid as URL-safe base64 without padding, 22 characters. */
export function formatUuid(bytes: Buffer, offset = 0): string {
  return bytes.base64urlSlice(offset, offset + 16)
}

/** The sixteen bytes of a uuid in Kafka's text form; throws a RangeError for anything else. */
export function parseUuid(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64url')
  if (text.length !== 22 || bytes.length !== 16) {
    throw new RangeError(`expected a uuid of 22 base64 characters, got ${JSON.stringify(text)}`)
  }
  return bytes
}
