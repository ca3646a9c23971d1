import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  BATCH_HEADER_BYTES,
  type BatchFields,
  BatchWriter,
  type CodecName,
  codecByName,
  codecs,
  type RecordBatch,
  type RecordHeader,
  readBatches,
  readControlRecord,
  recordBytes,
  sealBatch,
  stampLogAppendTime,
  writeControlBatch,
} from '../../src/records/index.ts'
import { forbidNatives } from '../../src/records/native.ts'
import { kafkaClasspath } from '../kafka/jars.ts'
import { cached, root } from '../support/cache.ts'
import { runOrThrow } from '../support/run.ts'
import { lacks } from '../support/tools.ts'

interface Given {
  readonly timestamp: number
  readonly key: Uint8Array | string | null
  readonly value: Uint8Array | string | null
  readonly headers?: readonly RecordHeader[]
}

const start = 1_763_000_000_000

/** What tends to go wrong, and then enough to fill several blocks of every codec. */
const peculiar: Given[] = [
  { timestamp: start, key: 'user-1', value: '{"amount":1}' },
  { timestamp: start + 5, key: null, value: null },
  { timestamp: start - 7, key: '', value: '' },
  { timestamp: 0, key: Buffer.from([0, 255, 128]), value: Buffer.alloc(70_000, 'ab') },
  { timestamp: start + 10 ** 10, key: 'клю́ч', value: 'naïve 💌' },
  {
    timestamp: start,
    key: null,
    value: 'with headers',
    headers: [
      { key: 'twice', value: 'one' },
      { key: 'twice', value: null },
      { key: '', value: '' },
      { key: 'binary', value: Buffer.from([0, 1, 254, 255]) },
      { key: 'ключ', value: 'ß'.repeat(100) },
    ],
  },
]
const orders: Given[] = Array.from({ length: 1500 }, (_, i) => ({
  timestamp: start + i,
  key: `user-${(i * 7919) % 1000}`,
  value: JSON.stringify({ id: i, amount: ((i * 2654435761) % 100_000) / 100, at: start + i }),
}))
const noise: Given[] = Array.from({ length: 20 }, (_, i) => ({
  timestamp: start,
  key: null,
  value: Uint8Array.from({ length: 9000 }, (_, j) => Math.imul(i * 9000 + j, 0x9e3779b1) >>> 11),
}))
const samples = { peculiar, orders, noise, one: [peculiar[0]!] }

function hex(given: Uint8Array | string | null): string {
  if (given === null) return '~'
  return (typeof given === 'string' ? Buffer.from(given) : Buffer.from(given)).toString('hex')
}

function headersText(headers: readonly RecordHeader[] | undefined): string {
  return (headers ?? []).map(({ key, value }) => `${hex(key)}=${hex(value)}`).join(',')
}

function commandText(records: readonly Given[]): string {
  return records
    .map(r => [r.timestamp, hex(r.key), hex(r.value), headersText(r.headers)].join(';'))
    .join('|')
}

/** A batch as the Java program describes one, from what was given. */
function expected(records: readonly Given[], fields: BatchFields, codec: CodecName): string {
  const base = fields.baseOffset ?? 0
  const stamped = fields.timestampType === 'LogAppendTime' ? fields.maxTimestamp : null
  return [
    codec,
    base,
    base + records.length - 1,
    fields.partitionLeaderEpoch ?? -1,
    fields.timestampType ?? 'CreateTime',
    fields.maxTimestamp,
    fields.producerId ?? -1n,
    fields.producerEpoch ?? -1,
    fields.baseSequence ?? -1,
    fields.transactional ?? false,
    false,
    records.length,
    records
      .map((r, i) =>
        [base + i, stamped ?? r.timestamp, hex(r.key), hex(r.value), headersText(r.headers)].join(
          ';',
        ),
      )
      .join('|'),
  ].join(' ')
}

/** The same of a batch that we read. */
function described(batch: RecordBatch): string {
  batch.verifyCrc()
  return [
    codecs[batch.codec]!.name,
    batch.baseOffset,
    batch.lastOffset,
    batch.partitionLeaderEpoch,
    batch.timestampType,
    batch.maxTimestamp,
    batch.producerId,
    batch.producerEpoch,
    batch.baseSequence,
    batch.isTransactional,
    batch.isControl,
    batch.count,
    [...batch.cursor()]
      .map(r => [r.offset, r.timestamp, hex(r.key), hex(r.value), headersText(r.headers)].join(';'))
      .join('|'),
  ].join(' ')
}

function ours(
  records: readonly Given[],
  fields: Partial<BatchFields>,
  codec: CodecName,
  level?: number,
) {
  const size = records.reduce((sum, r) => sum + recordBytes(r.key, r.value, r.headers), 61)
  const writer = new BatchWriter(Buffer.alloc(size))
  for (const r of records) expect(writer.append(r.timestamp, r.key, r.value, r.headers)).toBe(true)
  const { id, compressSync } = codecByName(codec)
  const { count, baseTimestamp, maxTimestamp } = writer
  const all = { count, baseTimestamp, maxTimestamp, codec: id, ...fields }
  if (id === 0) {
    sealBatch(writer.bytes(), all)
    return { batch: writer.bytes(), fields: all }
  }
  const body = compressSync(writer.body(), level)
  const header = Buffer.alloc(BATCH_HEADER_BYTES)
  sealBatch(header, all, body)
  return { batch: Buffer.concat([header, body]), fields: all }
}

/** The program's class path; it is compiled once. */
async function oracleClasspath(): Promise<string> {
  const source = join(root, 'test', 'java-records', 'RecordsOracle.java')
  const kafka = await kafkaClasspath()
  const hash = createHash('sha256')
    .update(kafka)
    .update(await readFile(source))
  const classes = await cached(`records-${hash.digest('hex').slice(0, 12)}`, async folder => {
    await runOrThrow('javac', ['-d', folder, '-cp', kafka, source])
  })
  return [classes, kafka].join(delimiter)
}

async function askJava(commands: readonly string[]): Promise<string[]> {
  const options = ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-UsePerfData']
  const args = [...options, '-cp', await oracleClasspath(), 'RecordsOracle']
  const { stdout } = await runOrThrow('java', args, { stdin: commands.join('\n') })
  return stdout.trim().split('\n')
}

const idempotent = {
  baseOffset: 2 ** 41,
  partitionLeaderEpoch: 17,
  producerId: 2n ** 55n,
  producerEpoch: 12,
  baseSequence: 2 ** 31 - 3,
  transactional: true,
}

interface Case {
  readonly name: string
  readonly records: readonly Given[]
  readonly codec: CodecName
  readonly level?: number
  readonly fields: Partial<BatchFields>
}

const cases: Case[] = [
  ...codecs.flatMap(({ name: codec }) =>
    Object.entries(samples).flatMap(([name, records]) => [
      { name: `${name}, ${codec}`, records, codec, fields: {} },
      { name: `${name}, ${codec}, transactional`, records, codec, fields: idempotent },
    ]),
  ),
  ...[1, 3, 12, 17].map(level => ({
    name: `orders, lz4 at level ${level}`,
    records: orders,
    codec: 'lz4' as const,
    level,
    fields: {},
  })),
  ...[-131_072, -5, 1, 19, 22].map(level => ({
    name: `orders, zstd at level ${level}`,
    records: orders,
    codec: 'zstd' as const,
    level,
    fields: {},
  })),
  ...[1, 9].map(level => ({
    name: `orders, gzip at level ${level}`,
    records: orders,
    codec: 'gzip' as const,
    level,
    fields: {},
  })),
]

describe.skipIf(lacks('java', 'mvn'))("record batches against Kafka's own code", () => {
  beforeAll(async () => {
    await codecByName('zstd').ready()
    await oracleClasspath()
  })

  it.each([false, true])('Java reads what we write (without native code: %s)', async forbidden => {
    forbidNatives(forbidden)
    await codecByName('zstd').ready()
    const written = cases.map(c => ours(c.records, c.fields, c.codec, c.level))
    forbidNatives(false)
    const stamped = ours(orders, {}, 'none')
    stampLogAppendTime(stamped.batch, start + 10 ** 9)
    const answers = await askJava([
      ...written.map(({ batch }) => `read ${batch.toString('hex')}`),
      `read ${stamped.batch.toString('hex')}`,
      `read ${Buffer.concat(written.slice(0, 4).map(w => w.batch)).toString('hex')}`,
    ])
    cases.forEach((c, i) => {
      expect(answers[i], c.name).toBe(expected(c.records, written[i]!.fields, c.codec))
    })
    const logAppendTime = { timestampType: 'LogAppendTime', maxTimestamp: start + 10 ** 9 } as const
    expect(answers[cases.length]).toBe(
      expected(orders, { ...stamped.fields, ...logAppendTime }, 'none'),
    )
    expect(answers[cases.length + 1]).toBe(answers.slice(0, 4).join(' / '))
  })

  it('we read what Java writes, and write the same bytes where nothing is compressed', async () => {
    const answers = await askJava(
      cases.map(({ records, codec, level, fields }) =>
        [
          'write',
          codec,
          level ?? '-',
          fields.baseOffset ?? 0,
          fields.partitionLeaderEpoch ?? -1,
          '-',
          fields.producerId ?? -1,
          fields.producerEpoch ?? -1,
          fields.baseSequence ?? -1,
          fields.transactional ?? false,
          commandText(records),
        ].join(' '),
      ),
    )
    cases.forEach((c, i) => {
      expect(answers[i], c.name).toMatch(/^[0-9a-f]+$/)
      const bytes = Buffer.from(answers[i]!, 'hex')
      const same = ours(c.records, c.fields, c.codec, c.level)
      const text = expected(c.records, same.fields, c.codec)
      for (const forbidden of [false, true]) {
        forbidNatives(forbidden)
        expect([...readBatches(bytes)].map(described), c.name).toEqual([text])
      }
      forbidNatives(false)
      if (c.codec === 'none') expect(same.batch.equals(bytes), c.name).toBe(true)
    })
  })

  it('reads the time of the append as Java writes it', async () => {
    const time = start + 999
    const [answer] = await askJava([
      `write gzip - 3 1 ${time} -1 -1 -1 false ${commandText(orders)}`,
    ])
    const [batch] = [...readBatches(Buffer.from(answer!, 'hex'))]
    expect(batch!.timestampType).toBe('LogAppendTime')
    expect(new Set([...batch!.cursor()].map(r => r.timestamp))).toEqual(new Set([time]))
  })

  it('writes and reads the ends of transactions as Java does', async () => {
    const ends = (['commit', 'abort'] as const).map(is => ({
      is,
      baseOffset: 2 ** 40,
      timestamp: start,
      partitionLeaderEpoch: 4,
      producerId: 2n ** 40n,
      producerEpoch: 9,
      coordinatorEpoch: 77,
    }))
    const fromUs = ends.map(writeControlBatch)
    const answers = await askJava([
      ...ends.map(e => `mark ${e.is} ${e.baseOffset} ${e.timestamp} 4 ${e.producerId} 9 77`),
      ...fromUs.map(batch => `read ${batch.toString('hex')}`),
    ])
    ends.forEach(({ is }, i) => {
      const fromJava = Buffer.from(answers[i]!, 'hex')
      expect(answers[ends.length + i]).toContain(`;${is};77`)
      const [batch] = [...readBatches(fromJava)]
      expect([batch!.isControl, batch!.isTransactional, batch!.producerEpoch]).toEqual([
        true,
        true,
        9,
      ])
      const cursor = batch!.cursor()
      expect(cursor.next()).toBe(true)
      expect(readControlRecord(cursor)).toMatchObject({ is, coordinatorEpoch: 77 })
      expect(fromUs[i]!.toString('hex')).toBe(answers[i])
    })
  })
})
