import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { randomBelow, seededRandom } from '../../src/base/random.ts'
import { Producer } from '../../src/index.ts'
import {
  type ClusterUnderTest,
  freshName,
  onBothClusters,
  onFirstProtocol,
} from '../contract/clusters.ts'
import { readBack } from '../contract/read-back.ts'
import { waitFor } from '../support/wait.ts'
import { Copier } from './copier.ts'

const RECORDS = Number(process.env.CHAOS_RECORDS ?? 10_000)
/** On a real Kafka; on the others fewer, unless a number is given. */
const KILLS = Number(process.env.CHAOS_KILLS ?? 20)
const TIME_LIMIT_MS = 600_000
const FEWER_KILLS = Number(process.env.CHAOS_KILLS ?? 5)

const title = 'a read-process-write program'
onBothClusters(title, cluster => {
  test(
    'killed at random, with a zombie twin: its output equals its input exactly once',
    () => copyExactlyOnce(cluster()),
    TIME_LIMIT_MS,
  )
})
onFirstProtocol(title, cluster => {
  test(
    'the same where partitions are added one by one',
    () => copyExactlyOnce(cluster(), FEWER_KILLS),
    TIME_LIMIT_MS,
  )
})

async function copyExactlyOnce(
  { kind, bootstrapServers }: ClusterUnderTest,
  kills = kind === 'kafka' ? KILLS : FEWER_KILLS,
): Promise<void> {
  const [source, target] = [freshName('eos-in'), freshName('eos-out')]
  const names = [source, target, freshName('eos-group'), freshName('eos-id')]
  await using producer = new Producer({
    'bootstrap.servers': bootstrapServers,
    'batch.size': 1_000,
  })
  const input = Array.from({ length: RECORDS }, (_, i) => `${i}`)
  await producer.sendBatch(input.map(value => ({ topic: source, key: value, value })))
  await producer.partitionsFor(target)
  // Both have one transactional id: each start fences the other, which then ends and comes back,
  // so that for most of the time one of the two is a zombie.
  const copiers = [1, 2].map(() => new Copier([bootstrapServers, ...names]))
  const running = copiers.map(copier => copier.run())
  try {
    await killAtRandom(copiers, kills)
    copiers[1]!.end()
    const output = await wholeOutput(bootstrapServers, target, copiers)
    process.stderr.write(`${JSON.stringify({ kind, starts: copiers.map(each => each.starts) })}\n`)
    expect(output).toHaveLength(RECORDS)
    expect(output.map(Number).sort((a, b) => a - b)).toEqual(input.map(each => Number(each) * 2))
  } finally {
    for (const copier of copiers) copier.end()
    await Promise.all(running)
  }
}

async function killAtRandom(copiers: readonly Copier[], kills: number): Promise<void> {
  const random = seededRandom(5)
  for (let kill = 0; kill < kills; kill++) {
    const victim = copiers[randomBelow(random, copiers.length)]!
    await victim.ready()
    await pause(randomBelow(random, 1_500))
    // Now and then it is only frozen, and wakes up long after the other took over.
    if (kill % 4 === 3) {
      victim.signal('SIGSTOP')
      setTimeout(() => victim.signal('SIGCONT'), 9_000)
    } else victim.signal('SIGKILL')
  }
}

async function wholeOutput(
  bootstrapServers: string,
  target: string,
  copiers: readonly Copier[],
): Promise<string[]> {
  let output: string[] = []
  await waitFor(
    'the whole output',
    async () => {
      output = (await readBack(bootstrapServers, target)).map(({ value }) => value ?? '')
      return output.length >= RECORDS
    },
    { limitMs: 300_000, everyMs: 2_000 },
  ).catch((error: Error) => {
    throw new Error(`${error.message}; the programs said: ${copiers.map(each => each.lastWords)}`)
  })
  return output
}
