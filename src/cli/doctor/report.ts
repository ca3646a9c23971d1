import type { Output } from '../output.ts'
import type { painter } from '../paint.ts'
import type { Finding } from './finding.ts'

const signs = {
  ok: { sign: '✔', colour: 'green' },
  warning: { sign: '⚠', colour: 'yellow' },
  problem: { sign: '✘', colour: 'red' },
} as const

/** No wider, where there is no terminal that says how wide it is. */
const USUAL_WIDTH = 96
const LEAST_WIDTH = 16
/** Before what to do. */
const ARROW = '→ '

/** Prints findings for people: a sign, what was looked at, what was found, what to do. */
export class Report {
  readonly #out: Output
  readonly #paint: ReturnType<typeof painter>
  readonly #width: number

  constructor(out: Output, paint: ReturnType<typeof painter>, width: number) {
    this.#out = out
    this.#paint = paint
    this.#width = Math.max(LEAST_WIDTH, Math.min(width, USUAL_WIDTH))
  }

  finding(found: Finding): void {
    const { sign, colour } = signs[found.is]
    const [first = '', ...rest] = wrapped(`${found.check}: ${found.what}`, this.#width - 2)
    this.#out.line(`${this.#paint(colour, sign)} ${first}`)
    for (const line of rest) this.#out.line(`  ${line}`)
    if (found.do === undefined) return
    for (const [i, line] of wrapped(found.do, this.#width - 4).entries()) {
      this.#out.line(`  ${i === 0 ? ARROW : '  '}${line}`)
    }
  }

  sum(findings: readonly Finding[]): void {
    const count = (kind: Finding['is']) => findings.filter(({ is }) => is === kind).length
    const parts = [
      several(count('problem'), 'problem'),
      several(count('warning'), 'warning'),
      `${count('ok')} ok`,
    ]
    this.#out.line('')
    for (const line of wrapped(parts.join(', '), this.#width)) this.#out.line(line)
  }
}

function several(count: number, noun: string): string {
  return `${count === 0 ? 'no' : count} ${noun}${count === 1 ? '' : 's'}`
}

/** Text in lines of at most `width`; a word that is longer than that has a line, or more, alone. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ').flatMap(each => cut(each, width))) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, line]
}

function cut(word: string, width: number): string[] {
  const pieces: string[] = []
  for (let at = 0; at < word.length; at += width) pieces.push(word.slice(at, at + width))
  return pieces
}
