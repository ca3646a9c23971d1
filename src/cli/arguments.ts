import { InvalidArgumentError } from 'commander'

/** A parser for commander: a whole number within bounds. */
export function wholeNumber(
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): (text: string) => number {
  return text => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= least && value <= most) return value
    const span =
      most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`
    throw new InvalidArgumentError(`It must be a whole number ${span}.`)
  }
}

/** A parser for an option that may be repeated: its values as a list. */
export function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value]
}

/** A parser for an option that may be repeated, each value a `name=value`. */
export function namedValues(text: string, before: readonly NamedValue[] = []): NamedValue[] {
  const cut = text.indexOf('=')
  if (cut < 1) throw new InvalidArgumentError('It must be a name and a value: name=value.')
  return [...before, { key: text.slice(0, cut), value: text.slice(cut + 1) }]
}

export interface NamedValue {
  readonly key: string
  readonly value: string
}

/** Characters that are hard to type in a shell: `\t`, `\n`, `\r`, `\0`, `\\`, `\x1f`. */
export function unescaped(text: string): string {
  return text.replace(/\\(x[0-9a-fA-F]{2}|[\s\S])/g, (whole, code: string) => {
    if (code.length === 3) return String.fromCharCode(Number.parseInt(code.slice(1), 16))
    return controls[code] ?? whole
  })
}

const controls: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '0': '\0',
  '\\': '\\',
}
