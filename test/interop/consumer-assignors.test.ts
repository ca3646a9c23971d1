import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { randomBelow, seededRandom } from '../../src/base/random.ts'
import { byTopic } from '../../src/consumer/by-topic.ts'
import { slotName } from '../../src/consumer/group/assignors/assignor.ts'
import { assignors, type GroupMember } from '../../src/consumer/group/assignors/index.ts'
import { decodeSubscription, encodeSubscription } from '../../src/consumer/group/subscription.ts'
import type { TopicPartition } from '../../src/index.ts'
import { kafkaClasspath } from '../kafka/jars.ts'
import { cached } from '../support/cache.ts'
import { runOrThrow } from '../support/run.ts'
import { lacks } from '../support/tools.ts'

interface Group {
  readonly assignor: string
  readonly counts: ReadonlyMap<string, number>
  readonly members: readonly GroupMember[]
}

/** Compiles the Java program beside this file, once for each of its versions. */
async function compiled(): Promise<string> {
  const source = join(import.meta.dirname, 'consumer', 'Assign.java')
  const hash = createHash('sha256')
    .update(await readFile(source))
    .digest('hex')
    .slice(0, 12)
  const classpath = await kafkaClasspath()
  const folder = await cached(`assign-${hash}`, async to => {
    await runOrThrow('javac', ['-cp', classpath, '-d', to, source])
  })
  return [folder, classpath].join(delimiter)
}

function lineOf({ assignor, counts, members }: Group): string {
  const topics = [...counts].map(([topic, count]) => `${topic}:${count}`).join(',')
  const words = members.map(each => {
    const { topics: names, userData, ownedPartitions, generationId, rackId } = each
    const subscription = encodeSubscription({
      topics: [...names],
      userData,
      ownedPartitions: byTopic(ownedPartitions),
      generationId,
      rackId,
    })
    return `${each.memberId}:${each.groupInstanceId ?? '~'}:${subscription.toString('hex')}`
  })
  return [assignor, topics, ...words].join(' ')
}

function ours({ assignor, counts, members }: Group): Map<string, readonly TopicPartition[]> {
  const found = assignors.find(({ name }) => name === assignor)!
  return new Map(found.assign({ members, partitionCounts: counts }))
}

function shown(shares: ReadonlyMap<string, readonly TopicPartition[]>): string {
  return [...shares]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([member, slots]) => {
      const names = slots.map(({ topic, partition }) => `${topic}-${partition}`).sort()
      return `${member}=${names.join(',')}`
    })
    .join(' ')
}

const names = ['alpha', 'beta', 'gamma']

/** Groups of any size over any topics; members own what the round before gave them. */
function* groups(assignor: string, count: number, alike: boolean): Generator<Group> {
  const random = seededRandom(count)
  for (let i = 0; i < count; i++) {
    const topics = names.slice(0, 1 + randomBelow(random, 3))
    const counts = new Map(topics.map(topic => [topic, 1 + randomBelow(random, 7)]))
    const subscribed = () =>
      alike ? topics : [topics[0]!, ...topics.slice(1).filter(() => random() < 0.6)]
    const members: GroupMember[] = Array.from({ length: 1 + randomBelow(random, 5) }, (_, at) => ({
      memberId: `m${at}`,
      groupInstanceId: random() < 0.2 ? `static-${9 - at}` : null,
      topics: subscribed(),
      ownedPartitions: [],
      generationId: -1,
      rackId: null,
      userData: null,
    }))
    yield { assignor, counts, members }
  }
}

/** The same group a generation later, with one member gone or come. */
function nextRound(group: Group, shares: ReadonlyMap<string, readonly TopicPartition[]>): Group {
  const by = assignors.find(({ name }) => name === group.assignor)!
  const kept = group.members.slice(1).map(member => {
    const had = shares.get(member.memberId) ?? []
    const userData = by.userData?.(had, 5) ?? null
    const ownedPartitions = by.protocol === 'cooperative' ? had : []
    return { ...member, userData, ownedPartitions, generationId: 5 }
  })
  const [first] = group.members
  const fresh = { ...first!, memberId: 'newcomer', groupInstanceId: null }
  return { ...group, members: [...kept, fresh] }
}

describe.skipIf(lacks('java', 'javac', 'mvn'))("assignors against Kafka's own", () => {
  let classpath: string
  beforeAll(async () => {
    classpath = await compiled()
  })

  async function javas(asked: readonly Group[]): Promise<string[]> {
    const stdin = `${asked.map(lineOf).join('\n')}\n`
    const { stdout } = await runOrThrow('java', ['-cp', classpath, 'Assign'], { stdin })
    return stdout.trimEnd().split('\n')
  }

  test.each(['range', 'roundrobin'])('%s gives what Java gives', async assignor => {
    const asked = [...groups(assignor, 60, true), ...groups(assignor, 60, false)]
    expect(asked.map(each => shown(ours(each)))).toEqual(await javas(asked))
  })

  test.each(['sticky', 'cooperative-sticky'])(
    '%s gives what Java gives where members read the same topics',
    async assignor => {
      const asked = [...groups(assignor, 60, true)]
      const later = asked.map(each => nextRound(each, ours(each)))
      expect(asked.map(each => shown(ours(each)))).toEqual(await javas(asked))
      expect(later.map(each => shown(ours(each)))).toEqual(await javas(later))
    },
  )

  test('sticky shares are whole and as even as Java makes them where topics differ', async () => {
    const asked = [...groups('sticky', 60, false)]
    const sizes = (line: string) => {
      const shares = line.split(' ').map(share => share.split('=')[1]!)
      return shares.map(share => (share === '' ? 0 : share.split(',').length)).sort()
    }
    const answers = await javas(asked)
    for (const [i, each] of asked.entries()) {
      const mine = ours(each)
      const all = [...mine.values()].flat().map(slotName)
      expect(new Set(all).size).toBe(all.length)
      expect(sizes(shown(mine))).toEqual(sizes(answers[i]!))
    }
  })

  test('what was said of a member comes back as it was', () => {
    const subscription = {
      topics: ['alpha', 'beta'],
      userData: Buffer.from('any'),
      ownedPartitions: [{ topic: 'alpha', partitions: [0, 2] }],
      generationId: 7,
      rackId: 'b',
    }
    expect(decodeSubscription(encodeSubscription(subscription))).toEqual(subscription)
  })
})
