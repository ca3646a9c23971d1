import type { Clock } from '../base/clock.ts'
import { type EventName, type EventOf, type EventSource, listen } from '../events.ts'
import { listenToOperation } from '../operations.ts'
import type { TelemetryMetric } from './otlp.ts'
import { Window } from './window.ts'

export type ClientKind = 'producer' | 'consumer'

/** What is measured of one client, and asked of it. */
export interface Measured {
  readonly kind: ClientKind
  readonly source: EventSource
  readonly clock: Clock
  /** Connections that are open. */
  connections(): number
  /** Partitions that a consumer has. */
  partitions(): number
}

/** One thing that is measured from when it is begun on, and the metrics that tell of it. */
interface Measure {
  /** Names without the beginning that all of a kind of client have. */
  readonly names: readonly string[]
  begin(measured: Measured): Running
}

interface Running {
  stop(): void
  /** What it was since it was last read; `seconds` have passed since. */
  read(seconds: number, isDelta: boolean): readonly TelemetryMetric[]
}

/** The metrics that KIP-714 asks of every client, under its names. Times are in milliseconds. */
const measures: Readonly<Record<ClientKind, readonly Measure[]>> = {
  producer: [
    connections(),
    nodeLatency(),
    window('produce.throttle.time', 'response:received', ({ api, throttleMs }) =>
      api === 'Produce' ? throttleMs : undefined,
    ),
    window('record.queue.time', 'batch:settled', ({ waitMs }) => (waitMs < 0 ? undefined : waitMs)),
  ],
  consumer: [
    connections(),
    nodeLatency(),
    pollIdle(),
    window('coordinator.commit.latency', 'offsets:committed', ({ latencyMs }) => latencyMs),
    assignedPartitions(),
    rebalances(),
    window('fetch.manager.fetch.latency', 'response:received', ({ api, latencyMs }) =>
      api === 'Fetch' ? latencyMs : undefined,
    ),
  ],
}

/** Every metric of a kind of client, by its whole name. */
export function telemetryNames(kind: ClientKind): string[] {
  return measures[kind].flatMap(({ names }) => names.map(name => fullName(kind, name)))
}

function fullName(kind: ClientKind, name: string): string {
  return `org.apache.kafka.${kind}.${name}`
}

/** Measures what a cluster has asked for, and listens to nothing else. */
export class Measures {
  readonly #measured: Measured
  readonly #isWanted: (name: string) => boolean
  readonly #running: Running[] = []
  readonly #beganAt: number
  #readAt: number
  #readSince: number

  /** `wanted` are beginnings of names; `*` or an empty one is the beginning of all. */
  constructor(measured: Measured, wanted: readonly string[]) {
    const { kind, clock } = measured
    this.#measured = measured
    const isWanted = (name: string) =>
      wanted.some(prefix => prefix === '*' || name.startsWith(prefix))
    this.#isWanted = isWanted
    this.#beganAt = clock.epoch()
    this.#readAt = this.#beganAt
    this.#readSince = clock.now()
    for (const measure of measures[kind]) {
      if (!measure.names.some(name => isWanted(fullName(kind, name)))) continue
      this.#running.push(measure.begin(measured))
    }
  }

  /** What was measured since the last time, and from when to when. */
  read(isDelta: boolean): { metrics: TelemetryMetric[]; from: number; to: number } {
    const { kind, clock } = this.#measured
    const now = clock.now()
    const seconds = Math.max(now - this.#readSince, 1) / 1000
    const from = isDelta ? this.#readAt : this.#beganAt
    this.#readSince = now
    this.#readAt = clock.epoch()
    const metrics = this.#running
      .flatMap(each => each.read(seconds, isDelta))
      .map(metric => ({ ...metric, name: fullName(kind, metric.name) }))
      .filter(({ name, points }) => points.length > 0 && this.#isWanted(name))
    return { metrics, from, to: this.#readAt }
  }

  stop(): void {
    for (const each of this.#running.splice(0)) each.stop()
  }
}

function gauge(name: string, value: number | undefined): TelemetryMetric {
  return { name, kind: 'gauge', points: value === undefined ? [] : [{ value }] }
}

/** A sum since the beginning, told as such or as what came since the last time. */
class Total {
  #value: number
  #told = 0

  constructor(value = 0) {
    this.#value = value
  }

  add(amount: number): void {
    this.#value += amount
  }

  read(name: string, isDelta: boolean): TelemetryMetric {
    const value = isDelta ? this.#value - this.#told : this.#value
    this.#told = this.#value
    return { name, kind: 'sum', points: [{ value }] }
  }
}

/** Listens to what one client tells. */
function hear<Name extends EventName>(
  { source }: Measured,
  name: Name,
  heard: (event: EventOf<Name>) => void,
): () => void {
  return listen(name, event => {
    if (event.source.instance === source.instance) heard(event)
  })
}

/** The average and the largest of something that events tell. */
function window<Name extends EventName>(
  name: string,
  event: Name,
  read: (event: EventOf<Name>) => number | undefined,
): Measure {
  return {
    names: [`${name}.avg`, `${name}.max`],
    begin(measured) {
      const seen = new Window()
      const stop = hear(measured, event, each => {
        const value = read(each)
        if (value !== undefined) seen.record(value)
      })
      return {
        stop,
        read() {
          const figures = seen.read()
          return [gauge(`${name}.avg`, figures?.avg), gauge(`${name}.max`, figures?.max)]
        },
      }
    },
  }
}

function connections(): Measure {
  const [rate, total] = ['connection.creation.rate', 'connection.creation.total']
  return {
    names: [rate, total],
    begin(measured) {
      // Those that it had made before anybody asked count in the total.
      const made = new Total(measured.connections())
      let lately = 0
      const stop = hear(measured, 'connection:moved', ({ from, to }) => {
        if (to !== 'ready' || from === 'ready') return
        made.add(1)
        lately++
      })
      return {
        stop,
        read(seconds, isDelta) {
          const metrics = [gauge(rate, lately / seconds), made.read(total, isDelta)]
          lately = 0
          return metrics
        },
      }
    },
  }
}

function nodeLatency(): Measure {
  const [avg, max] = ['node.request.latency.avg', 'node.request.latency.max']
  return {
    names: [avg, max],
    begin(measured) {
      const nodes = new Map<string, Window>()
      const stop = hear(measured, 'response:received', ({ broker, latencyMs }) => {
        // A bootstrap address is not known to be one of the nodes.
        const id = /^(\d+) \(/.exec(broker)?.[1]
        if (id === undefined) return
        const node = `node-${id}`
        const seen = nodes.get(node) ?? new Window()
        nodes.set(node, seen)
        seen.record(latencyMs)
      })
      const read = () => {
        const seen = [...nodes].flatMap(([node, each]) => {
          const figures = each.read()
          return figures ? { ...figures, attributes: { node_id: node } } : []
        })
        const of = (name: string, which: 'avg' | 'max'): TelemetryMetric => ({
          name,
          kind: 'gauge',
          points: seen.map(each => ({ value: each[which], attributes: each.attributes })),
        })
        return [of(avg, 'avg'), of(max, 'max')]
      }
      return { stop, read }
    },
  }
}

/** Which part of the time nothing was in work. */
function pollIdle(): Measure {
  const name = 'poll.idle.ratio.avg'
  return {
    names: [name],
    begin({ source, clock }) {
      let [working, busyMs, since] = [0, 0, clock.now()]
      const settle = () => {
        const now = clock.now()
        if (working > 0) busyMs += now - since
        since = now
      }
      const change = (by: number) => {
        settle()
        working += by
      }
      const stop = listenToOperation('process', operation => {
        if (operation.facts.source.instance !== source.instance) return
        change(1)
        operation.attend({ ended: () => change(-1) })
      })
      const read = (seconds: number) => {
        settle()
        const ratio = 1 - Math.min(1, busyMs / 1000 / seconds)
        busyMs = 0
        return [gauge(name, ratio)]
      }
      return { stop, read }
    },
  }
}

function assignedPartitions(): Measure {
  const name = 'coordinator.assigned.partitions'
  return {
    names: [name],
    begin: measured => ({ stop() {}, read: () => [gauge(name, measured.partitions())] }),
  }
}

const unsettled = new Set(['joining', 'syncing', 'reconciling'])

/** How long the group took to settle, each time that it was shared out anew. */
function rebalances(): Measure {
  const [avg, max, total] = ['avg', 'max', 'total'].map(
    each => `coordinator.rebalance.latency.${each}`,
  ) as [string, string, string]
  return {
    names: [avg, max, total],
    begin(measured) {
      const [seen, all] = [new Window(), new Total()]
      let since: number | undefined
      const stop = hear(measured, 'group:moved', ({ to, at }) => {
        if (unsettled.has(to)) {
          since ??= at
          return
        }
        if (to === 'stable' && since !== undefined) {
          seen.record(at - since)
          all.add(at - since)
        }
        since = undefined
      })
      const read = (_: number, isDelta: boolean) => {
        const figures = seen.read()
        return [gauge(avg, figures?.avg), gauge(max, figures?.max), all.read(total, isDelta)]
      }
      return { stop, read }
    },
  }
}
