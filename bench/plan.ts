/** One thing to measure: a client at some work. */
export interface Case {
  readonly client: string
  /** How the client is used; the programs in clients/ know what it means. */
  readonly mode: string
  readonly codec: string
  readonly messages: number
  /** Of a value. Default: 200. */
  readonly bytes?: number
  /** Of the topic. Default: 6. */
  readonly partitions?: number
}

export interface Plan {
  readonly rounds: number
  /** For what goals rest on, where it is to be more. */
  readonly goalRounds?: number
  readonly cases: readonly Case[]
}

export interface Run {
  readonly round: number
  readonly each: Case
}

/** What rates and CPU are compared with, in the same round, at the same work. */
export const REFERENCE = 'librdkafka'
export const OURS = 'posthaste'
/** Node's own setting for programs of which many objects live for some milliseconds. */
export const ROOM = '--max-semi-space-size=32'
export const ROOMY = `${OURS}, ${ROOM}`
export const PLATFORMATIC = '@platformatic/kafka, Node 24'

export const DEFAULT_BYTES = 200
export const DEFAULT_PARTITIONS = 6

/** The words that tell a case from all others; `--only` looks at them. */
export function nameOf({ client, mode, codec, bytes, partitions }: Case): string {
  const size = bytes === undefined ? '' : `, ${bytes} bytes`
  const width = partitions === undefined ? '' : `, ${partitions} partitions`
  return `${client}, ${mode}, ${codec}${size}${width}`
}

/** The words that tell a run from all others of its plan. */
export function nameOfRun(round: number, each: Case): string {
  return `${round} ${nameOf(each)}`
}

/** Every run of a plan, in order: each case once a round, so that all meet the same machine. */
export function runsOf({ rounds, goalRounds = rounds, cases }: Plan): Run[] {
  const all = Array.from({ length: Math.max(rounds, goalRounds) }, (_, i) => i + 1)
  return all.flatMap(round =>
    cases
      .filter(each => round <= (isForGoal(each) ? goalRounds : rounds))
      .map(each => ({ round, each })),
  )
}

function isForGoal(each: Case): boolean {
  return forGoals.some(one => one.test(nameOf(each)))
}

/** Whether two cases are the same work, done by whom and in which way they like. */
export function isSameWork(a: Case, b: Case): boolean {
  return a.codec === b.codec && a.bytes === b.bytes && a.partitions === b.partitions
}

/**
 * Peers, and how much of the work each is given: its CPU for a record does not depend on it, and
 * the slow ones would take most of the half hour.
 */
const shares: Readonly<Record<string, number>> = {
  [REFERENCE]: 1,
  [OURS]: 1,
  'posthaste, Node 24': 1,
  'librdkafka of the system': 1,
  'franz-go': 1,
  Java: 1,
  'confluent-kafka-python': 0.5,
  [PLATFORMATIC]: 0.5,
  'node-rdkafka': 0.3,
  kafkajs: 0.3,
  'kafka-python': 0.1,
}
const everybody = Object.keys(shares)
/** What the goals of docs/performance.md rest on. */
const forGoals = [
  /^(librdkafka|posthaste|posthaste, Node 24), produce, (none|lz4)$/,
  /^franz-go, produce, none$/,
  /^posthaste, (callback|send|batch-\d+), none$/,
  new RegExp(`^${ROOMY}, `),
  /^@platformatic\/kafka, Node 24, batch-100, none$/,
  /^(posthaste|@platformatic\/kafka, Node 24), latency, none$/,
]
const batches = ['batch-1', 'batch-10', 'batch-100', 'batch-1000']
/** Records of a case with values of a size: large ones are fewer, for the sake of the disk. */
const sizeShares = { 100: 1, 1000: 0.3, 10000: 0.03 }

/** The least that shows where things stand, in two minutes. */
export function quickPlan(): Plan {
  const messages = 400_000
  const of = (client: string, codec: string, mode = 'produce') => ({
    client,
    mode,
    codec,
    messages,
  })
  const cases = [
    ...['none', 'lz4'].flatMap(codec => [of(REFERENCE, codec), of(OURS, codec)]),
    of(OURS, 'none', 'callback'),
    of(OURS, 'none', 'send'),
    { ...of('confluent-kafka-python', 'none'), messages: 200_000 },
    { ...of('kafkajs', 'none'), messages: 100_000 },
  ]
  return { rounds: 3, cases: [nodeAlone(), ...cases] }
}

/** All of it; what goals rest on twice as often and once more, as single runs differ by a third. */
export function fullPlan(messages: number, rounds: number): Plan {
  const cases = [
    nodeAlone(),
    ...codecCases(messages),
    ...wayCases(messages),
    ...sizeCases(messages),
    ...partitionCases(messages),
    ...timeCases(messages),
  ]
  return { rounds, goalRounds: 2 * rounds + 1, cases }
}

function produce(client: string, codec: string, messages: number): Case {
  return { client, mode: 'produce', codec, messages: Math.ceil(messages * (shares[client] ?? 1)) }
}

/** Everybody without compression and with LZ4; the fast ones with each codec. */
function codecCases(messages: number): Case[] {
  const all = ['none', 'lz4'].flatMap(codec =>
    everybody
      // Of the codecs it has gzip alone built in.
      .filter(client => client !== 'kafkajs' || codec === 'none')
      .map(client => produce(client, codec, messages)),
  )
  const slow: Record<string, number> = { zstd: 0.5, snappy: 1, gzip: 0.3 }
  const others = Object.entries(slow).flatMap(([codec, share]) =>
    [REFERENCE, OURS, 'franz-go', 'Java', PLATFORMATIC].map(client =>
      produce(client, codec, messages * share),
    ),
  )
  return [...all, ...others]
}

/** The ways of calling; the smaller a batch is, the fewer records. */
function wayCases(messages: number): Case[] {
  const of = (client: string, mode: string, share: number) => ({
    client,
    mode,
    codec: 'none',
    messages: Math.ceil(messages * share),
  })
  return [
    ...['text', 'callback', 'send'].map(mode => of(OURS, mode, 1)),
    ...['produce', 'callback', 'send'].map(mode => of(ROOMY, mode, 1)),
    ...batches.map(mode => of(OURS, mode, mode === 'batch-1' ? 0.3 : 1)),
    ...batches.map(mode => of(PLATFORMATIC, mode, mode === 'batch-1' ? 0.03 : 0.15)),
  ]
}

function sizeCases(messages: number): Case[] {
  const clients = [REFERENCE, OURS, 'franz-go', 'Java', PLATFORMATIC]
  return Object.entries(sizeShares).flatMap(([bytes, share]) =>
    clients.map(client => ({
      ...produce(client, 'none', messages * share),
      bytes: Number(bytes),
    })),
  )
}

function partitionCases(messages: number): Case[] {
  const clients = [REFERENCE, OURS, 'franz-go', 'Java']
  return [1, 100, 1000].flatMap(partitions =>
    clients.map(client => ({ ...produce(client, 'none', messages), partitions })),
  )
}

/** How long one record takes: until its acknowledgement, and until a consumer has it. */
function timeCases(messages: number): Case[] {
  const of = (mode: string, share: number) => (client: string) => ({
    client,
    mode,
    codec: 'none',
    messages: Math.ceil(messages * share),
  })
  return [
    ...[OURS, PLATFORMATIC, 'kafkajs', 'franz-go', REFERENCE].map(of('latency', 0.01)),
    ...[OURS, PLATFORMATIC, 'kafkajs'].map(of('end to end', 0.02)),
  ]
}

function nodeAlone(): Case {
  return { client: 'node alone', mode: 'idle', codec: 'none', messages: 0 }
}

/** Records a second that a client is expected to reach at least, to tell how long a plan takes. */
const expectedRates: Readonly<Record<string, number>> = {
  'confluent-kafka-python': 200_000,
  [PLATFORMATIC]: 120_000,
  'node-rdkafka': 100_000,
  kafkajs: 60_000,
  'kafka-python': 30_000,
}
const START_S = 1.5

/** About how many seconds a plan takes where nothing else runs, warming up included. */
export function expectedSeconds(plan: Plan): number {
  const secondsOf = ({ client, mode, messages, bytes = DEFAULT_BYTES }: Case) => {
    const rate = (expectedRates[client] ?? 400_000) / Math.max(1, bytes / 500)
    if (mode === 'latency') return START_S + messages * 2 * 400e-6
    if (mode === 'end to end') return START_S + (2 * messages) / 5_000 + 3
    return START_S + (2 * messages) / rate
  }
  return runsOf(plan).reduce((sum, { each }) => sum + secondsOf(each), 0)
}
