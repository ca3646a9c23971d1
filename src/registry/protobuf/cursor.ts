import { SchemaProblem } from '../serde/format.ts'
import { type Token, tokensOf, unescaped } from './tokens.ts'

/** A value of an option or default as it stands in the text. */
export type Constant =
  | { readonly is: 'word'; readonly value: string }
  | { readonly is: 'number'; readonly value: string }
  | { readonly is: 'text'; readonly value: Buffer }
  | { readonly is: 'group' }

/** Walks over the tokens of a `.proto` file, and says what it expected where it finds another. */
export class Cursor {
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(source: string) {
    this.#tokens = tokensOf(source)
  }

  get next(): Token {
    return this.#tokens[this.#at]!
  }

  /** Whether the token after the next one has this value. */
  secondIs(value: string): boolean {
    return this.#tokens[this.#at + 1]?.value === value
  }

  take(): Token {
    const token = this.next
    if (token.is !== 'end') this.#at++
    return token
  }

  is(value: string): boolean {
    const { is, value: found } = this.next
    return found === value && is !== 'text' && is !== 'end'
  }

  /** Steps over the value if it is next. */
  skip(value: string): boolean {
    if (!this.is(value)) return false
    this.#at++
    return true
  }

  expect(value: string): void {
    if (!this.skip(value)) throw this.wrong(`"${value}"`)
  }

  word(what: string): string {
    return this.next.is === 'word' ? this.take().value : this.#wrongly(what)
  }

  /** `shop.v1.Order`, or with a leading dot from the root. */
  name(what: string): string {
    let name = this.skip('.') ? '.' : ''
    name += this.word(what)
    while (this.skip('.')) name += `.${this.word(what)}`
    return name
  }

  /** A whole number, maybe negative, in any of C's notations. */
  integer(what: string): number {
    const sign = this.skip('-') ? -1 : 1
    if (this.next.is !== 'number') throw this.wrong(what)
    const value = integerOf(this.next.value)
    if (!Number.isSafeInteger(value)) throw this.wrong(what)
    this.#at++
    return sign * value
  }

  /** Quoted texts that follow one another are one. */
  text(what: string): Buffer {
    if (this.next.is !== 'text') throw this.wrong(what)
    const parts: Buffer[] = []
    while (this.next.is === 'text') parts.push(unescaped(this.take().value))
    return Buffer.concat(parts)
  }

  constant(): Constant {
    const { is } = this.next
    if (is === 'text') return { is: 'text', value: this.text('a text') }
    if (this.is('{')) {
      this.#skipGroup()
      return { is: 'group' }
    }
    const sign = this.skip('-') ? '-' : this.skip('+') ? '' : ''
    const token = this.take()
    if (token.is === 'number') return { is: 'number', value: sign + token.value }
    if (token.is === 'word') return { is: 'word', value: sign + token.value }
    throw this.wrong('a value')
  }

  wrong(expected: string): SchemaProblem {
    const { is, value, line } = this.next
    const found = is === 'end' ? value : JSON.stringify(value)
    return new SchemaProblem(`line ${line}: expected ${expected}, got ${found}`)
  }

  #wrongly(expected: string): never {
    throw this.wrong(expected)
  }

  /** Custom options may hold whole messages, which say nothing of how values are written. */
  #skipGroup(): void {
    let depth = 0
    do {
      const token = this.take()
      if (token.is === 'end') throw this.wrong('"}"')
      if (token.is === 'sign' && token.value === '{') depth++
      if (token.is === 'sign' && token.value === '}') depth--
    } while (depth > 0)
  }
}

export function integerOf(text: string): number {
  if (/^0[0-7]+$/.test(text)) return Number.parseInt(text, 8)
  return /^(?:0[xX][\da-fA-F]+|\d+)$/.test(text) ? Number(text) : Number.NaN
}
