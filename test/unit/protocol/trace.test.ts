import { expect, test } from 'vitest'
import { FindCoordinator, Metadata, Produce, trace } from '../../../src/protocol/index.ts'
import { Writer } from '../../../src/wire/writer.ts'

function produceV9(): Buffer {
  const writer = new Writer()
  const records = Buffer.from('batch')
  Produce.request.at(9).write(writer, {
    acks: -1,
    timeoutMs: 1500,
    topicData: [{ name: 'orders', partitionData: [{ index: 3, records }] }],
  })
  return writer.toBuffer()
}

test('tells of every value where it lies', () => {
  const { rows, end, failure } = trace(Produce.request, 9, produceV9())
  expect(rows).toEqual([
    { path: 'transactionalId', offset: 0, length: 1, value: null },
    { path: 'acks', offset: 1, length: 2, value: -1 },
    { path: 'timeoutMs', offset: 3, length: 4, value: 1500 },
    { path: 'topicData.length', offset: 7, length: 1, value: 1 },
    { path: 'topicData[0].name', offset: 8, length: 7, value: 'orders' },
    { path: 'topicData[0].partitionData.length', offset: 15, length: 1, value: 1 },
    { path: 'topicData[0].partitionData[0].index', offset: 16, length: 4, value: 3 },
    {
      path: 'topicData[0].partitionData[0].records',
      offset: 20,
      length: 6,
      value: Buffer.from('batch'),
    },
    { path: 'topicData[0].partitionData[0].tags.length', offset: 26, length: 1, value: 0 },
    { path: 'topicData[0].tags.length', offset: 27, length: 1, value: 0 },
    { path: 'tags.length', offset: 28, length: 1, value: 0 },
  ])
  expect(end).toBe(29)
  expect(failure).toBeUndefined()
})

test('covers every byte', () => {
  const bytes = produceV9()
  const { rows } = trace(Produce.request, 9, bytes)
  expect(rows.reduce((sum, row) => sum + row.length, 0)).toBe(bytes.length)
})

test('of broken bytes tells what comes before the break, and the break', () => {
  const { rows, end, failure } = trace(Produce.request, 9, produceV9().subarray(0, 18))
  expect(rows.at(-1)?.path).toBe('topicData[0].partitionData.length')
  expect(end).toBe(16)
  const path = 'topicData[0].partitionData[0].index'
  expect(failure).toEqual({ path, offset: 16, reason: '4 bytes wanted, 2 left' })
})

test('shows tagged fields, known and unknown, and starts anywhere', () => {
  const writer = new Writer()
  const currentLeader = { leaderId: 2, leaderEpoch: 7 }
  const partition = { index: 0, errorCode: 6, baseOffset: 0, currentLeader }
  const responses = [{ name: 'a', partitionResponses: [partition] }]
  Produce.response.at(10).write(writer, { responses })
  const rows = trace(Produce.response, 10, writer.toBuffer()).rows
  const tag = 'responses[0].partitionResponses[0].currentLeader'
  expect(rows.find(row => row.path === `${tag}.tag`)?.value).toBe(0)
  expect(rows.find(row => row.path === `${tag}.leaderEpoch`)?.value).toBe(7)

  const bytes = Buffer.from('ff' + '02' + '61' + '00' + '01' + '2a' + '02' + 'beef', 'hex')
  const { rows: unknown } = trace(FindCoordinator.request, 3, bytes, 1)
  expect(unknown.at(-1)).toMatchObject({
    path: 'tag 42',
    offset: 7,
    value: Buffer.from('beef', 'hex'),
  })
})

test('shows what is null', () => {
  const writer = new Writer()
  Metadata.request.at(1).write(writer, { topics: null })
  const { rows } = trace(Metadata.request, 1, writer.toBuffer())
  expect(rows).toEqual([{ path: 'topics.length', offset: 0, length: 4, value: -1 }])
})
