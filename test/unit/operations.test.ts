import { afterEach, expect, test, vi } from 'vitest'
import {
  beginOperation,
  beginProcess,
  endWith,
  listenToOperation,
  Operation,
  runWithin,
  tapOperation,
} from '../../src/operations.ts'

const source = { instance: 1, clientId: 'c' }
const commit = { source, group: 'g', offsets: [] }
const message = {
  topic: 't',
  partition: 0,
  offset: 3,
  rawKey: null,
  rawValue: null,
  headers: [],
}
const work = { source, group: 'g', work: { message }, by: 'loop', attempt: 1 } as const
const stops: (() => void)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

test('nothing is begun where nobody listens, or nobody takes part', () => {
  expect(tapOperation('commit').hasSubscribers).toBe(false)
  expect(beginOperation('commit', commit)).toBeUndefined()
  stops.push(listenToOperation('commit', () => {}))
  expect(tapOperation('commit').hasSubscribers).toBe(true)
  expect(beginOperation('commit', commit)).toBeUndefined()
})

test('attendants stand around what is done, the first outermost, and hear of the end once', () => {
  const heard: string[] = []
  for (const name of ['a', 'b']) {
    stops.push(
      listenToOperation('commit', operation => {
        operation.attend({
          around(inner) {
            heard.push(`${name} in`)
            const result = inner()
            heard.push(`${name} out`)
            return result
          },
          ended: ({ error }) => void heard.push(`${name} ${error}`),
        })
      }),
    )
  }
  const operation = beginOperation('commit', commit)
  expect(operation?.run(() => heard.push('work'))).toBe(3)
  operation?.end({ error: 'no' })
  operation?.end({})
  expect(heard).toEqual(['a in', 'b in', 'work', 'b out', 'a out', 'a no', 'b no'])
})

test('an operation ends as its promise does', async () => {
  const ends: unknown[] = []
  const attended = () => {
    const operation = new Operation<'commit'>(commit)
    operation.attend({ ended: outcome => void ends.push(outcome) })
    return operation
  }
  endWith(attended(), Promise.resolve())
  await Promise.resolve()
  const error = new Error('no')
  const failing = Promise.reject(error)
  endWith(attended(), failing)
  await failing.catch(() => {})
  expect(ends).toEqual([{}, { error }])
})

test('what belongs to the work on a message runs within it, and else as it is', () => {
  expect(runWithin(message, () => 1)).toBe(1)
  stops.push(
    listenToOperation('process', operation => {
      operation.attend({
        around(inner) {
          depth++
          return inner()
        },
      })
    }),
  )
  let depth = 0
  beginProcess(work)
  expect(runWithin(message, () => depth)).toBe(1)
  expect(runWithin({}, () => depth)).toBe(1)
})

test('a tool that throws is a warning, and harms nobody', () => {
  const warn = vi.spyOn(process, 'emitWarning').mockReturnValue()
  const ends: unknown[] = []
  stops.push(
    listenToOperation('commit', () => {
      throw new Error('at the begin')
    }),
    listenToOperation('commit', operation => {
      operation.attend({
        ended() {
          throw new Error('at the end')
        },
      })
      operation.attend({ ended: outcome => void ends.push(outcome) })
    }),
  )
  beginOperation('commit', commit)?.end({})
  expect(ends).toEqual([{}])
  const warnings = warn.mock.calls.map(([warning]) => String(warning))
  expect(warnings).toEqual(['Error: at the begin', 'Error: at the end'])
  warn.mockRestore()
})
