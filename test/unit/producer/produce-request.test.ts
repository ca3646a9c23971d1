import { describe, expect, test } from 'vitest'
import type { TopicInfo } from '../../../src/cluster/metadata.ts'
import { Batch } from '../../../src/producer/batch.ts'
import { producerConfig } from '../../../src/producer/options.ts'
import { PartitionQueue } from '../../../src/producer/partition-queue.ts'
import { answersOf, type Flight, produceRequest } from '../../../src/producer/produce-request.ts'
import { encodeResponse, readResponse } from '../../../src/protocol/frame.ts'
import { Produce, type ResponseInput } from '../../../src/protocol/index.ts'
import { Reader } from '../../../src/wire/reader.ts'

const config = producerConfig({ 'bootstrap.servers': 'broker:9092' })
const times = { createdAt: 0, dueAt: 0, freshUntil: 100, deadline: 1_000 }
const ids = new Map([
  ['a', 'AAAAAAAAAAAAAAAAAAAAAQ'],
  ['b', 'AAAAAAAAAAAAAAAAAAAAAg'],
])
const view = { topicName: (id: string) => [...ids].find(([, each]) => each === id)?.[0] }
const cluster = {
  use(name: string): TopicInfo | undefined {
    const id = ids.get(name)
    return id === undefined ? undefined : { name, id, isInternal: false, partitions: [] }
  },
}

function flight(topic: string, partition: number): Flight {
  const queue = new PartitionQueue(topic, partition)
  const batch = new Batch(1, 0, queue, Buffer.alloc(256), times, false)
  batch.writer.append(0, null, `${topic}/${partition}`)
  return { queue, batch }
}

const nameOf = ({ queue }: Flight) => `${queue.topic}/${queue.partition}`
const flights = [flight('b', 1), flight('a', 0), flight('b', 0), flight('a', 2)]

describe('a Produce request', () => {
  test('names each topic once, and its flights are told in that order', () => {
    const { request, maxVersion, inOrder } = produceRequest(flights, config, cluster)
    const named = request.topicData.map(({ name, topicId, partitionData }) => {
      return { name, topicId, partitions: partitionData.map(({ index }) => index) }
    })
    expect(named).toEqual([
      { name: 'b', topicId: ids.get('b'), partitions: [1, 0] },
      { name: 'a', topicId: ids.get('a'), partitions: [0, 2] },
    ])
    expect(inOrder.map(nameOf)).toEqual(['b/1', 'b/0', 'a/0', 'a/2'])
    expect(maxVersion).toBe(13)
  })

  test('names all by name where the id of one is not known (KIP-516)', () => {
    const { maxVersion } = produceRequest([...flights, flight('new', 0)], config, cluster)
    expect(maxVersion).toBe(12)
  })
})

describe('its answers', () => {
  const { inOrder } = produceRequest(flights, config, cluster)

  /** What each flight's answer says as base offset; undefined where there is none. */
  function offsets(version: number, topics: readonly (readonly [string, number[]])[]) {
    const responses = topics.map(([name, partitions]) => ({
      name,
      topicId: ids.get(name) ?? '',
      partitionResponses: partitions.map(index => {
        return { index, errorCode: 0, baseOffset: (name === 'a' ? 100 : 200) + index }
      }),
    }))
    const answer: ResponseInput<typeof Produce> = { responses }
    const frame = Buffer.concat(encodeResponse(Produce, version, 1, answer)).subarray(8)
    const read = readResponse(Produce, version, new Reader(frame))
    return answersOf(inOrder, read, view).map(each => each && Number(each.baseOffset))
  }

  test.each([12, 13])('in the order of the request, version %s', version => {
    expect(
      offsets(version, [
        ['b', [1, 0]],
        ['a', [0, 2]],
      ]),
    ).toEqual([201, 200, 100, 102])
  })

  test.each([12, 13])('in any other order, version %s', version => {
    expect(
      offsets(version, [
        ['a', [2, 0]],
        ['b', [0, 1]],
      ]),
    ).toEqual([201, 200, 100, 102])
  })

  test('of a partition that the broker left out there is none', () => {
    expect(offsets(13, [['a', [0]]])).toEqual([undefined, undefined, 100, undefined])
  })

  test('of a partition that was not asked for nobody hears', () => {
    expect(
      offsets(13, [
        ['b', [7, 1, 0]],
        ['a', [0, 2]],
      ]),
    ).toEqual([201, 200, 100, 102])
  })
})
