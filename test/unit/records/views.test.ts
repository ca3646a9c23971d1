import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { Views } from '../../../src/records/views.ts'

test('a part is a Buffer like any other, of the same memory', () => {
  const whole = Buffer.from('....some bytes in the middle....').subarray(4, -4)
  const views = new Views(whole)
  const part = views.part(5, 10)
  expect(part).toStrictEqual(whole.subarray(5, 10))
  expect(Buffer.isBuffer(part)).toBe(true)
  expect(part.toString()).toBe('bytes')
  expect(inspect(part)).toBe('<Buffer 62 79 74 65 73>')
  expect(part.subarray(1).toString('latin1')).toBe('ytes')
  expect(JSON.stringify(part)).toBe(JSON.stringify(Buffer.from('bytes')))
  whole.write('B', 5)
  expect(part.toString()).toBe('Bytes')
  expect(views.part(3, 3)).toHaveLength(0)
})
