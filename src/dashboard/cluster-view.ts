import type { Clock } from '../base/clock.ts'
import {
  Admin,
  adminOptions,
  Consumer,
  consumerOptions,
  type Message,
  Producer,
  producerOptions,
} from '../index.ts'
import type { GroupView, MessageQuery, MessageView, NewMessage, TopicView } from './views.ts'

/** A value may be megabytes large, and a page is to show a hundred of them. */
const SHOWN_BYTES = 4_096
const READING_MS = 5_000

/** What the page asks of a cluster, by clients of its own. */
export class ClusterView {
  readonly #settings: Settings
  readonly #clock: Clock
  readonly #admin: Admin
  #producer: Producer | undefined

  constructor(settings: Settings, clock: Clock) {
    this.#settings = settings
    this.#clock = clock
    this.#admin = new Admin(only(adminOptions, settings))
  }

  /** Every topic with the bounds of its partitions. */
  async topics(): Promise<TopicView[]> {
    const topics = await this.#admin.topics.list()
    const slots = topics.flatMap(({ name: topic, partitions }) =>
      partitions.map(({ partition }) => ({ topic, partition })),
    )
    const [starts, ends] = await Promise.all([
      this.#bounds(slots, 'earliest'),
      this.#bounds(slots, 'latest'),
    ])
    return topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partition, leader }) => {
        const slot = `${name}/${partition}`
        return { partition, leader, start: starts.get(slot) ?? -1, end: ends.get(slot) ?? -1 }
      }),
    }))
  }

  async #bounds(
    slots: readonly { readonly topic: string; readonly partition: number }[],
    at: 'earliest' | 'latest',
  ): Promise<Map<string, number>> {
    const asked = slots.map(slot => ({ ...slot, at }))
    const found = await this.#admin.records.offsets(asked)
    return new Map(
      found.flatMap(each =>
        each.is === 'done' ? [[`${each.topic}/${each.partition}`, each.value.offset] as const] : [],
      ),
    )
  }

  /** Records of a partition, in the order of the log. */
  async messages({ topic, partition, offset, limit }: MessageQuery): Promise<MessageView[]> {
    const slot = { topic, partition }
    const [starts, ends] = await Promise.all([
      this.#bounds([slot], 'earliest'),
      this.#bounds([slot], 'latest'),
    ])
    const start = starts.get(`${topic}/${partition}`) ?? 0
    const end = ends.get(`${topic}/${partition}`) ?? 0
    const from = Math.max(start, Math.min(offset ?? end - limit, end))
    if (from >= end) return []
    await using consumer = new Consumer(only(consumerOptions, this.#settings))
    await consumer.assign([{ ...slot, offset: from }])
    const read: MessageView[] = []
    const timer = this.#clock.after(READING_MS, () => consumer.stop())
    for await (const message of consumer.messages({ until: 'end' })) {
      read.push(viewOf(message))
      if (read.length >= limit) break
    }
    timer.cancel()
    return read
  }

  /** Stores a record, and says where. */
  async produce({ topic, partition, key, value, headers }: NewMessage) {
    this.#producer ??= new Producer({ ...only(producerOptions, this.#settings), 'linger.ms': 0 })
    const record = { topic, key, value, headers, ...(partition !== undefined && { partition }) }
    const report = await this.#producer.send(record)
    return { topic, partition: report.partition, offset: report.offset }
  }

  async groups(): Promise<GroupView[]> {
    const { groups } = await this.#admin.groups.list()
    const views = await Promise.all(groups.map(({ name }) => this.#group(name)))
    return views.flatMap(view => view ?? [])
  }

  /** Undefined for a group that is gone, or that is none of consumers. */
  async #group(name: string): Promise<GroupView | undefined> {
    const found = await this.#admin.groups.lag(name).catch(() => undefined)
    if (!found) return undefined
    const { group, partitions, total: lag } = found
    const members = group.members.map(({ clientId, memberId, assignment }) => ({
      clientId,
      memberId,
      partitions: assignment.flatMap(each => each.partitions.map(n => `${each.topic}/${n}`)),
    }))
    return { name, type: group.type, state: group.state, members, lag, partitions }
  }

  /** Whether the cluster answers; rejects with the reason why it does not. */
  async ask(): Promise<void> {
    await this.#admin.topics.list({ timeoutMs: READING_MS })
  }

  async close(): Promise<void> {
    this.#admin.close()
    await this.#producer?.close({ timeout: 1_000 })
  }
}

/** Settings of any client, by Kafka's names. */
export type Settings = Readonly<Record<string, unknown>> & { readonly 'bootstrap.servers': string }

/** Those of the settings that one kind of client has. */
function only(known: object, settings: Settings): Settings {
  const kept = Object.entries(settings).filter(([name]) => name in known)
  return { ...Object.fromEntries(kept), 'bootstrap.servers': settings['bootstrap.servers'] }
}

function viewOf(message: Message<Buffer, Buffer>): MessageView {
  const { partition, offset, timestamp, key, value } = message
  const headers = message.headers.map(each => [each.key, shown(each.value)] as const)
  const bytes = value?.length ?? 0
  return { partition, offset, timestamp, key: shown(key), value: shown(value), headers, bytes }
}

function shown(bytes: Uint8Array | null): string | null {
  if (bytes === null) return null
  const part = bytes.subarray(0, SHOWN_BYTES)
  const more = part.length < bytes.length ? '…' : ''
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(part, { stream: more !== '' }) + more
  } catch {
    return `0x${Buffer.from(part).toString('hex')}${more}`
  }
}
