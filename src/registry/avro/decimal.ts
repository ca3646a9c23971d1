/** An integer's bytes in big-endian two's complement, as few as will do, or `size` of them. */
export function bytesOfInteger(value: bigint, size?: number): Buffer | undefined {
  const bits = value < 0n ? (-value - 1n).toString(2).length : value.toString(2).length
  const least = Math.floor(bits / 8) + 1
  const length = size ?? least
  if (least > length) return undefined
  const hex = BigInt.asUintN(length * 8, value).toString(16)
  return Buffer.from(hex.padStart(length * 2, '0'), 'hex')
}

/** More digits than any decimal has use for; turning text into integers takes quadratic time. */
const maxDecimalBytes = 4_096

export function integerOfBytes(bytes: Buffer): bigint {
  if (bytes.length === 0) return 0n
  if (bytes.length > maxDecimalBytes) {
    throw new RangeError(`a decimal of ${bytes.length} bytes is longer than ${maxDecimalBytes}`)
  }
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex')}`))
}

/** `-12345n` with scale 2 -> `-123.45`: every digit that was written, trailing zeros too. */
export function decimalText(unscaled: bigint, scale: number): string {
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0')
  const sign = unscaled < 0n ? '-' : ''
  if (scale === 0) return sign + digits
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

/** The unscaled integer of a decimal; undefined if it has more digits than its type holds. */
export function unscaledOf(value: unknown, scale: number, precision: number): bigint | undefined {
  const text = typeof value === 'number' || typeof value === 'bigint' ? String(value) : value
  if (typeof text !== 'string' || text.length > 10_000) return undefined
  const parts = /^([+-]?)(\d+)(?:\.(\d+))?$/.exec(text)
  if (!parts) return undefined
  const [, sign, whole = '', fraction = ''] = parts
  const kept = fraction.slice(0, scale).padEnd(scale, '0')
  if (/[1-9]/.test(fraction.slice(scale))) return undefined
  const digits = (whole + kept).replace(/^0+(?=\d)/, '')
  if (digits.length > precision) return undefined
  return BigInt(`${sign === '-' ? '-' : ''}${digits}`)
}
