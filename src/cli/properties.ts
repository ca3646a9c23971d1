import { UsageError } from './exit.ts'

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', f: '\f' }

/**
 * Reads a Java properties file: `key=value`, `key: value` or `key value` a line; `#` and `!` begin
 * comments, a backslash at the end joins lines, and `\u0041` or `\=` stand for single characters.
 */
export function parseProperties(text: string, file = 'properties'): Record<string, string> {
  return readProperties(text, file).properties
}

/** The same with the number of the line on which each key stands. */
export function readProperties(text: string, file: string) {
  const properties: Record<string, string> = {}
  const lines = new Map<string, number>()
  for (const { line, number } of logicalLines(text)) {
    const cut = keyEnd(line)
    const rest = line.slice(cut).replace(/^[ \t\f]*[=:]?[ \t\f]*/, '')
    const place = `${file}, line ${number}`
    const key = unescaped(line.slice(0, cut), place)
    lines.set(key, number)
    Object.defineProperty(properties, key, {
      value: unescaped(rest, place),
      enumerable: true,
      configurable: true,
      writable: true,
    })
  }
  return { properties, lines }
}

interface LogicalLine {
  readonly line: string
  readonly number: number
}

function* logicalLines(text: string): Generator<LogicalLine> {
  let joined: LogicalLine | undefined
  for (const [index, natural] of text.split(/\r\n|\n|\r/).entries()) {
    const line = natural.replace(/^[ \t\f]+/, '')
    if (!joined && (line === '' || line.startsWith('#') || line.startsWith('!'))) continue
    const number: number = joined?.number ?? index + 1
    const whole: string = (joined?.line ?? '') + line
    if (isContinued(line)) {
      joined = { line: whole.slice(0, -1), number }
      continue
    }
    joined = undefined
    yield { line: whole, number }
  }
  if (joined) yield joined
}

/** A backslash at the end joins the next line, unless it is itself escaped by one before it. */
function isContinued(line: string): boolean {
  const backslashes = /\\+$/.exec(line)?.[0].length ?? 0
  return backslashes % 2 === 1
}

/** Where the key ends: at the first `=`, `:` or blank that has no backslash before it. */
function keyEnd(line: string): number {
  for (let at = 0; at < line.length; at++) {
    if (line[at] === '\\') at++
    else if (/[=: \t\f]/.test(line[at]!)) return at
  }
  return line.length
}

function unescaped(text: string, place: string): string {
  return text.replace(/\\(u([0-9a-fA-F]{0,4})|[\s\S])/g, (whole, letter: string, hex?: string) => {
    if (hex === undefined) return escapes[letter] ?? letter
    if (hex.length === 4) return String.fromCharCode(Number.parseInt(hex, 16))
    throw new UsageError(`${place}: ${whole} is not \\u and four hexadecimal digits`)
  })
}
