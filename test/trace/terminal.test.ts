import { PassThrough } from 'node:stream'
import { stripVTControlCharacters, styleText } from 'node:util'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../src/base/fake-clock.ts'
import { frame } from '../../src/cli/trace/frame.ts'
import { cut, wrapped } from '../../src/cli/trace/lines.ts'
import { paperLines } from '../../src/cli/trace/paper.ts'
import { Player } from '../../src/cli/trace/player.ts'
import { scenarios, type Trace } from '../../src/trace/index.ts'
import { traceOf } from './running.ts'

const coloured: Parameters<typeof paperLines>[2] = (style, text) =>
  styleText(style, text, { validateStream: false })
const plain = (_: unknown, text: string) => text

describe.each(scenarios.map(each => [each.name] as const))('%s', name => {
  it('fits 20 columns, and any other width', async () => {
    const trace = await traceOf(name)
    for (const columns of [20, 37, 80, 200]) {
      for (const line of paperLines(trace, columns, plain)) {
        expect(line.length).toBeLessThanOrEqual(columns)
      }
      // Each frame plays the trace again up to its step: of long ones some are enough.
      const every = Math.ceil(trace.steps.length / 40)
      for (const { step } of trace.steps.filter((_, i) => i % every === 0)) {
        const at = { step, isRunning: true, speed: 2 }
        const lines = frame(trace, at, { columns, rows: 24 }, plain)
        expect(lines.length).toBeLessThanOrEqual(24)
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns)
      }
    }
  })

  it('says the same with colours and without', async () => {
    const trace = await traceOf(name)
    const colours = paperLines(trace, 80, coloured).join('\n')
    expect(colours).toContain('\u001b[')
    expect(stripVTControlCharacters(colours)).toBe(paperLines(trace, 80, plain).join('\n'))
  })
})

describe('lines', () => {
  it('break between words, and within a word that is longer than a line', () => {
    expect(wrapped('one two three', 8)).toEqual(['one two', 'three'])
    expect(wrapped('unbreakable', 8, '  ')).toEqual(['  unbre…'])
    expect(cut('abc', 0)).toBe('')
  })
})

/** A terminal whose keys a test presses, and what was drawn on it last. */
function terminal() {
  const input = Object.assign(new PassThrough(), { isRaw: false, setRawMode })
  const output = Object.assign(new PassThrough(), { columns: 80, rows: 40 })
  let drawn = ''
  output.on('data', chunk => {
    drawn = String(chunk)
  })
  function setRawMode(isRaw: boolean) {
    input.isRaw = isRaw
    return input
  }
  const turn = () => new Promise(resolve => setImmediate(resolve))
  const press = async (...keys: string[]) => {
    for (const key of keys) {
      input.write(key)
      await turn()
    }
    await turn()
  }
  return { input, output, press, turn, screen: () => drawn }
}

async function played(trace: Trace) {
  const clock = new FakeClock()
  const { input, output, ...rest } = terminal()
  const { signal } = new AbortController()
  const over = new Player(trace, { input, output, paint: plain, clock, signal }, 2).play()
  await rest.turn()
  const at = () => Number(/(\d+)\/\d+ {2}/.exec(rest.screen())?.[1])
  return { ...rest, input, clock, over, at }
}

describe('the player', () => {
  it('runs at its speed, steps, goes back, and quits', async () => {
    const trace = await traceOf('first-message')
    const { press, at, clock, over, input, turn, screen } = await played(trace)
    expect(at()).toBe(1)
    expect(input.isRaw).toBe(true)
    await clock.advance(1_000)
    await turn()
    expect(at()).toBe(3)
    await press(' ')
    await clock.advance(5_000)
    await turn()
    expect(at()).toBe(3)
    await press('\u001b[C', 'n')
    expect(at()).toBe(5)
    await press('\u001b[D', 'b', 'b', 'b', 'b', 'b', 'b')
    expect(at()).toBe(1)
    await press(' ', '+', '+')
    await clock.advance(1_000)
    await turn()
    expect(at()).toBe(9)
    await clock.advance(60_000)
    await turn()
    expect(at()).toBe(trace.steps.length)
    expect(screen()).toContain('closed')
    await press('q')
    await over
    expect(input.isRaw).toBe(false)
  })
})
