import { SchemaProblem } from '../serde/format.ts'

/** A word, number, quoted text or sign of a `.proto` file, with its line for messages. */
export interface Token {
  readonly is: 'word' | 'number' | 'text' | 'sign' | 'end'
  readonly value: string
  readonly line: number
}

/** Larger than any file that people write. */
const maxChars = 2 * 1024 * 1024

// One alternative a kind of token; sticky, so that nothing between two tokens goes unseen.
const pattern =
  /(?<space>\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)|(?<word>[A-Za-z_]\w*)|(?<number>0[xX][\da-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[fF]?)|(?<text>"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*')|(?<sign>[-+=;{}[\]()<>,.:/])/y

/** The tokens of a `.proto` file, the last being its end. Throws a SchemaProblem with a line. */
export function tokensOf(source: string): Token[] {
  if (source.length > maxChars) throw new SchemaProblem(`it has more than ${maxChars} characters`)
  const tokens: Token[] = []
  let line = 1
  let at = 0
  while (at < source.length) {
    pattern.lastIndex = at
    const found = pattern.exec(source)
    if (!found?.groups) {
      throw new SchemaProblem(`line ${line}: ${JSON.stringify(source[at])} is no part of Protobuf`)
    }
    const { space, word, number, text, sign } = found.groups
    if (word !== undefined) tokens.push({ is: 'word', value: word, line })
    else if (number !== undefined) tokens.push({ is: 'number', value: number, line })
    else if (text !== undefined) tokens.push({ is: 'text', value: text.slice(1, -1), line })
    else if (sign !== undefined) tokens.push({ is: 'sign', value: sign, line })
    if (space !== undefined || text !== undefined) line += found[0].split('\n').length - 1
    at = pattern.lastIndex
  }
  tokens.push({ is: 'end', value: 'the end of the file', line })
  return tokens
}

const simpleEscapes: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
}

/** The bytes that a quoted text stands for: its escapes are those of C. */
export function unescaped(text: string): Buffer {
  const parts: Buffer[] = []
  const escapes =
    /\\(?:x([\da-fA-F]{1,2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{1,3})|([\s\S]))|[^\\]+/g
  for (const [whole, hex, short, long, octal, letter] of text.matchAll(escapes)) {
    if (hex !== undefined) parts.push(Buffer.of(Number.parseInt(hex, 16)))
    else if (octal !== undefined) parts.push(Buffer.of(Number.parseInt(octal, 8) & 0xff))
    else if (short !== undefined || long !== undefined) parts.push(codePoint(short ?? long!))
    else if (letter !== undefined) parts.push(escapedLetter(letter))
    else parts.push(Buffer.from(whole))
  }
  return Buffer.concat(parts)
}

function escapedLetter(letter: string): Buffer {
  const code = simpleEscapes[letter]
  return code === undefined ? Buffer.from(letter) : Buffer.of(code)
}

function codePoint(hex: string): Buffer {
  const code = Number.parseInt(hex, 16)
  if (code > 0x10ffff) throw new SchemaProblem(`\\U${hex} is no character`)
  return Buffer.from(String.fromCodePoint(code))
}

/** Bytes as they stand in a descriptor's default value: printable ASCII, the rest in octal. */
export function escapedBytes(bytes: Uint8Array): string {
  const named: Readonly<Record<number, string>> = {
    9: '\\t',
    10: '\\n',
    13: '\\r',
    34: '\\"',
    39: "\\'",
    92: '\\\\',
  }
  return Array.from(bytes, byte => {
    const known = named[byte]
    if (known !== undefined) return known
    if (byte >= 32 && byte < 127) return String.fromCharCode(byte)
    return `\\${byte.toString(8).padStart(3, '0')}`
  }).join('')
}
