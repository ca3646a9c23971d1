import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import {
  BATCH_HEADER_BYTES,
  BatchWriter,
  codecs,
  readBatches,
  sealBatch,
} from '../../src/records/index.ts'
import { describeWithPython, pythonWithClients } from '../python/venv.ts'
import { runOrThrow } from '../support/run.ts'

const headers = [
  { key: 'h', value: Buffer.from([0, 255]) },
  { key: 'h', value: null },
]
const timestamp = 1_763_000_000_000
const records = Array.from({ length: 500 }, (_, i) => ({
  offset: i,
  timestamp: timestamp + i,
  key: i === 3 ? null : Buffer.from(`key-${i}`),
  value: i === 4 ? null : Buffer.from(`value ${i}, and more of it `.repeat(10)),
  headers,
}))
const asJson = records.map(r => [
  r.offset,
  r.timestamp,
  r.key?.toString('hex') ?? null,
  r.value?.toString('hex') ?? null,
  [
    ['h', '00ff'],
    ['h', null],
  ],
])

function ours(): Buffer[] {
  const writer = new BatchWriter(Buffer.alloc(1 << 20))
  for (const r of records) writer.append(r.timestamp, r.key, r.value, r.headers)
  const { count, baseTimestamp, maxTimestamp } = writer
  return codecs.map(codec => {
    const header = Buffer.alloc(BATCH_HEADER_BYTES)
    const body = codec.compressSync(writer.body())
    sealBatch(header, { count, baseTimestamp, maxTimestamp, codec: codec.id }, body)
    return Buffer.concat([header, body])
  })
}

describeWithPython("record batches against kafka-python's code", () => {
  beforeAll(async () => {
    await Promise.all([pythonWithClients(), ...codecs.map(codec => codec.ready())])
  })

  it('are read there as we write them, and here as it writes them, in every codec', async () => {
    const script = join(import.meta.dirname, 'records-python.py')
    const stdin = ours()
      .map(batch => `${batch.toString('hex')}\n`)
      .join('')
    const { stdout } = await runOrThrow(await pythonWithClients(), [script], { stdin })
    const answers = stdout.trim().split('\n')
    codecs.forEach((codec, i) => {
      expect(JSON.parse(answers[i]!), codec.name).toEqual(asJson)
      const [batch] = [...readBatches(Buffer.from(answers[codecs.length + i]!, 'hex'))]
      batch!.verifyCrc()
      expect(batch!.codec).toBe(codec.id)
      const read = [...batch!.cursor()].map(({ offset, timestamp, key, value, headers }) => ({
        offset,
        timestamp,
        key,
        value,
        headers,
      }))
      expect(read, codec.name).toEqual(records)
    })
  })
})
