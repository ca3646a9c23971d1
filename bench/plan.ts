/** One thing to measure: a client at some work. */
export interface Case {
  readonly client: string
  /** How the client is used; the programs in clients/ know what it means. */
  readonly mode: string
  readonly codec: string
  readonly messages: number
}

export interface Plan {
  readonly rounds: number
  readonly cases: readonly Case[]
}

/** What rates and CPU are compared with, in the same round and with the same codec. */
export const REFERENCE = 'librdkafka'

const others = [
  'librdkafka of the system',
  'franz-go',
  'Java',
  'confluent-kafka-python',
  '@platformatic/kafka, Node 24',
  'node-rdkafka',
  'kafkajs',
]
const batches = ['batch-1', 'batch-10', 'batch-100', 'batch-1000']

/** The least that shows where things stand, in two minutes. */
export function quickPlan(): Plan {
  const messages = 500_000
  const of = (client: string, codec: string, mode = 'produce') => ({
    client,
    mode,
    codec,
    messages,
  })
  const cases = [
    ...['none', 'lz4'].flatMap(codec => [of(REFERENCE, codec), of('posthaste', codec)]),
    of('posthaste', 'none', 'callback'),
    of('posthaste', 'none', 'send'),
    { ...of('confluent-kafka-python', 'none'), messages: 200_000 },
    { ...of('kafkajs', 'none'), messages: 200_000 },
  ]
  return { rounds: 3, cases: [nodeAlone(), ...cases] }
}

/** All of it. */
export function fullPlan(messages: number, rounds: number): Plan {
  const of = (client: string, codec: string, mode = 'produce', count = messages) => ({
    client,
    mode,
    codec,
    messages: count,
  })
  const cases = ['none', 'lz4', 'zstd', 'snappy', 'gzip'].flatMap(codec => [
    of(REFERENCE, codec),
    of('posthaste', codec),
  ])
  for (const codec of ['none', 'lz4']) {
    for (const client of others) {
      if (client !== 'kafkajs' || codec === 'none') cases.push(of(client, codec))
    }
  }
  for (const mode of ['text', 'callback', 'send', ...batches]) {
    cases.push(of('posthaste', 'none', mode, mode === 'batch-1' ? messages / 2 : messages))
  }
  cases.push(of('posthaste, Node 24', 'none'), of('posthaste, Node 24', 'lz4'))
  for (const mode of batches) {
    const count = mode === 'batch-1' ? messages / 20 : messages / 4
    cases.push(of('@platformatic/kafka, Node 24', 'none', mode, count))
  }
  for (const client of ['posthaste', '@platformatic/kafka, Node 24', 'kafkajs']) {
    cases.push(of(client, 'none', 'latency', Math.min(messages, 20_000)))
  }
  return { rounds, cases: [nodeAlone(), ...cases] }
}

function nodeAlone(): Case {
  return { client: 'node alone', mode: 'idle', codec: 'none', messages: 0 }
}
