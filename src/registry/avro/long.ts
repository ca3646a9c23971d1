import avsc from 'avsc'

const least = -(2n ** 63n)
const most = 2n ** 63n - 1n

/** A long as a bigint: exact over all 64 bits. Numbers are taken where they are whole and safe. */
export const bigintLong = avsc.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: (value: bigint | number) => {
    const bytes = Buffer.alloc(8)
    bytes.writeBigInt64LE(BigInt(value))
    return bytes
  },
  fromJSON: (value: number) => BigInt(value),
  toJSON: (value: bigint | number) => Number(value),
  isValid: (value: unknown) =>
    typeof value === 'bigint' ? value >= least && value <= most : Number.isSafeInteger(value),
  compare: (a: bigint, b: bigint) => (a === b ? 0 : a < b ? -1 : 1),
})
