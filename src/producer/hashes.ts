const crcTable = new Int32Array(256)
for (let n = 0; n < 256; n++) {
  let value = n
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  crcTable[n] = value
}

/** CRC-32 (of zlib), unsigned: librdkafka's `consistent` partitioners place keys by it. */
export function consistent(bytes: Uint8Array, start: number, end: number): number {
  let crc = -1
  for (let at = start; at < end; at++) crc = (crc >>> 8) ^ crcTable[(crc ^ bytes[at]!) & 0xff]!
  return ~crc >>> 0
}

/** FNV-1a of 32 bits, unsigned: as Sarama and librdkafka's `fnv1a` partitioners place keys. */
export function fnv1a(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193)
  return hash >>> 0
}
