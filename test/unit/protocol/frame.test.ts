import { describe, expect, test } from 'vitest'
import { randomBelow, seededRandom } from '../../../src/base/random.ts'
import { readResponseInSlices } from '../../../src/protocol/frame.ts'
import {
  ApiVersions,
  decodeRequestHeader,
  encodeRequest,
  encodeResponse,
  FrameSplitter,
  InitProducerId,
  Metadata,
  Produce,
  readResponse,
  SaslHandshake,
} from '../../../src/protocol/index.ts'
import { Reader, WireError } from '../../../src/wire/reader.ts'

function frame(text: string): Buffer {
  const whole = Buffer.alloc(4 + Buffer.byteLength(text))
  whole.writeInt32BE(whole.length - 4)
  whole.write(text, 4)
  return whole
}

describe('requests', () => {
  test('have a header without tags before the flexible versions, with tags from there', () => {
    const plain = Buffer.concat(encodeRequest(SaslHandshake, 1, 5, 'me', { mechanism: 'PLAIN' }))
    expect(plain.toString('hex')).toBe(
      '00000013' + '0011' + '0001' + '00000005' + '00026d65' + '0005504c41494e',
    )
    const flexible = Buffer.concat(encodeRequest(ApiVersions, 3, 6, null, {}))
    expect(flexible.toString('hex')).toBe(
      '0000000e' + '0012' + '0003' + '00000006' + 'ffff' + '00' + '01' + '01' + '00',
    )
  })

  test('give records by reference', () => {
    const records = [Buffer.alloc(2_000, 'first'), Buffer.alloc(3_000, 'second')]
    const topicData = [{ name: 'a', partitionData: [{ index: 0, records }] }]
    const chunks = encodeRequest(Produce, 9, 1, 'me', { acks: 1, timeoutMs: 1, topicData })
    expect(chunks).toContain(records[0])
    expect(chunks).toContain(records[1])
    const whole = Buffer.concat(chunks)
    expect(whole.readInt32BE()).toBe(whole.length - 4)
    const reader = new Reader(whole, 4)
    decodeRequestHeader(reader)
    const read = Produce.request.at(9).read(reader)
    expect(read.topicData[0]?.partitionData[0]?.records).toEqual(Buffer.concat(records))
  })

  test('are known by their header', () => {
    for (const version of [1, 2, 5]) {
      const request = { transactionalId: 'tx', transactionTimeoutMs: 1000 }
      const chunks = encodeRequest(InitProducerId, version, 77, 'me', request)
      const reader = new Reader(Buffer.concat(chunks), 4)
      expect(decodeRequestHeader(reader)).toEqual({
        apiKey: 22,
        apiVersion: version,
        correlationId: 77,
        clientId: 'me',
      })
      expect(InitProducerId.request.at(version).read(reader).transactionalId).toBe('tx')
      expect(reader.remaining).toBe(0)
    }
  })

  test('of a version above ours, or of an API that we do not know, still give their header', () => {
    const above = Buffer.from('0012' + '0063' + '00000009' + '00026d65' + '00' + 'abcd', 'hex')
    expect(decodeRequestHeader(new Reader(above)).apiVersion).toBe(99)
    const unknown = Buffer.from('03e8' + '0000' + '00000009' + 'ffff', 'hex')
    expect(decodeRequestHeader(new Reader(unknown))).toMatchObject({ apiKey: 1000, clientId: null })
  })
})

describe('responses', () => {
  test('have tags in the header in flexible versions, but never those to ApiVersions', () => {
    const id = { errorCode: 0, producerId: 5n, producerEpoch: 0 }
    const flexible = Buffer.concat(encodeResponse(InitProducerId, 2, 9, id))
    expect(flexible.subarray(4, 9).toString('hex')).toBe('0000000900')
    const plain = Buffer.concat(encodeResponse(InitProducerId, 1, 9, id))
    expect(plain.length).toBe(flexible.length - 2)
    const versions = Buffer.concat(
      encodeResponse(ApiVersions, 3, 9, { errorCode: 35, apiKeys: [] }),
    )
    expect(versions.subarray(4, 10).toString('hex')).toBe('000000090023')
  })

  test('are read back after their correlation id', () => {
    const id = { errorCode: 0, producerId: 2n ** 62n, producerEpoch: 3 }
    for (const version of [0, 2, 5]) {
      const bytes = Buffer.concat(encodeResponse(InitProducerId, version, 9, id))
      const reader = new Reader(bytes, 4)
      expect(reader.int32()).toBe(9)
      const read = readResponse(InitProducerId, version, reader)
      expect(read).toEqual({ throttleTimeMs: 0, ...id })
    }
  })

  test('to ApiVersions in a version that the broker lacks are read in version 0', () => {
    const range = { apiKey: 18, minVersion: 0, maxVersion: 2 }
    const refusal = Buffer.concat(
      encodeResponse(ApiVersions, 0, 9, { errorCode: 35, apiKeys: [range] }),
    )
    const read = readResponse(ApiVersions, 4, new Reader(refusal, 8))
    expect(read).toMatchObject({ errorCode: 35, apiKeys: [range] })
  })

  test('tags that we do not know in the header are skipped', () => {
    const body = '00000000' + '0000' + '0000000000000005' + '0003' + '00'
    const reader = new Reader(Buffer.from(`010702beef${body}`, 'hex'))
    expect(readResponse(InitProducerId, 2, reader).producerId).toBe(5n)
  })
})

describe('a long response', () => {
  const names = Array.from({ length: 3_000 }, (_, i) => `topic-number-${i}`)
  const topics = names.map(name => ({ errorCode: 0, name, partitions: [] }))
  const answer = { brokers: [], clusterId: 'c', controllerId: 1, topics }

  test.each([0, 5, 13])('of version %i is read with stops as it is without', version => {
    const bytes = Buffer.concat(encodeResponse(Metadata, version, 9, answer)).subarray(8)
    const steps = readResponseInSlices(Metadata, version, new Reader(bytes))
    let stops = 0
    let step = steps.next()
    for (; !step.done; step = steps.next()) stops++
    expect(step.value).toEqual(readResponse(Metadata, version, new Reader(bytes)))
    expect(stops).toBeGreaterThan(0)
  })

  test('that is cut short is told of as any other', () => {
    const bytes = Buffer.concat(encodeResponse(Metadata, 13, 9, answer)).subarray(8, -5_000)
    const steps = readResponseInSlices(Metadata, 13, new Reader(bytes))
    const run = () => {
      while (!steps.next().done);
    }
    expect(run).toThrow(/Metadata v13 response: topics/)
  })
})

describe('the splitter', () => {
  test('gives views of frames that are whole in a chunk', () => {
    const chunk = Buffer.concat([frame('one'), frame(''), frame('three')])
    const frames = new FrameSplitter(100).push(chunk)
    expect(frames.map(String)).toEqual(['one', '', 'three'])
    expect(frames[0]?.buffer).toBe(chunk.buffer)
    expect(frames[0]?.byteOffset).toBe(chunk.byteOffset + 4)
  })

  test('gathers frames however the stream is cut', () => {
    const texts = Array.from({ length: 60 }, (_, i) => 'x'.repeat((i * i) % 97) + i)
    const stream = Buffer.concat(texts.map(frame))
    for (let seed = 0; seed < 40; seed++) {
      const random = seededRandom(seed)
      const splitter = new FrameSplitter(1000)
      const got: string[] = []
      for (let at = 0; at < stream.length; ) {
        const size = 1 + randomBelow(random, seed < 5 ? 2 : 150)
        got.push(...splitter.push(stream.subarray(at, at + size)).map(String))
        at += size
      }
      expect(got).toEqual(texts)
      expect(splitter.pending).toBe(0)
    }
  })

  test('an empty frame at the end of a chunk is not kept back', () => {
    const splitter = new FrameSplitter(10)
    expect(splitter.push(frame('')).map(String)).toEqual([''])
    const cut = frame('')
    expect(splitter.push(cut.subarray(0, 3))).toEqual([])
    expect(splitter.push(cut.subarray(3)).map(String)).toEqual([''])
  })

  test('refuses a length as soon as it is seen', () => {
    const lengths: [number, number][] = [
      [-1, 100],
      [101, 100],
      [2 ** 31 - 1, 1_000_000],
      [-(2 ** 31), 100],
    ]
    for (const [length, max] of lengths) {
      const head = Buffer.alloc(4)
      head.writeInt32BE(length)
      const splitter = new FrameSplitter(max)
      splitter.push(head.subarray(0, 3))
      expect(() => splitter.push(head.subarray(3))).toThrow(WireError)
    }
    expect(() => new FrameSplitter(100).push(Buffer.from('GET / HTTP/1.1'))).toThrow(
      'frame of 1195725856 bytes, of which 100 are allowed',
    )
  })

  test('a frame that is read where it wants to be is not copied, and is what was sent', () => {
    const random = seededRandom(11)
    const sizes = [0, 1, 3, 100, 5_000, 16_380, 16_384, 40_000, 700_000, 2, 0, 3_000_000, 17]
    const sent = sizes.map(size => Buffer.alloc(size, size % 251))
    const stream = Buffer.concat(
      sent.flatMap(bytes => {
        const head = Buffer.alloc(4)
        head.writeInt32BE(bytes.length)
        return [head, bytes]
      }),
    )
    for (let round = 0; round < 50; round++) {
      const splitter = new FrameSplitter(2 ** 31 - 1)
      const frames: Buffer[] = []
      for (let at = 0; at < stream.length; ) {
        const room = splitter.room()
        // What a socket reads: some of what has come, and no more than there is room for.
        const most = round % 2 === 0 ? 100_000_000 : 1 + randomBelow(random, 100_000)
        const read = stream.copy(room, 0, at, Math.min(at + most, at + room.length))
        expect(read).toBeGreaterThan(0)
        frames.push(...splitter.push(room.subarray(0, read)))
        at += read
      }
      expect(frames.map(({ length }) => length)).toEqual(sizes)
      expect(frames.every((bytes, i) => bytes.equals(sent[i]!))).toBe(true)
    }
    const splitter = new FrameSplitter(2 ** 31 - 1)
    const head = Buffer.alloc(20)
    head.writeInt32BE(1_000_000)
    splitter.push(head)
    const rooms: Buffer[] = []
    for (let frames: Buffer[] = []; frames.length === 0; ) {
      rooms.push(splitter.room())
      frames = splitter.push(rooms.at(-1)!)
      if (frames[0]) expect(frames[0].buffer).toBe(rooms.at(-1)!.buffer)
    }
    expect(rooms.length).toBeLessThanOrEqual(4)
  })

  test('takes no room by what a length claims', () => {
    const before = process.memoryUsage().arrayBuffers
    const splitters = Array.from({ length: 200 }, () => {
      const splitter = new FrameSplitter(2 ** 31 - 1)
      const head = Buffer.alloc(10)
      head.writeInt32BE(2 ** 31 - 1)
      splitter.push(head)
      splitter.room()
      return splitter
    })
    expect(splitters.every(splitter => splitter.pending === 10)).toBe(true)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000)
  })
})
