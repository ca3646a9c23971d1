import { stripVTControlCharacters } from 'node:util'
import type { DeliveryReport, ProducerMetrics, TopicDescription } from '../../index.ts'
import type { Output } from '../output.ts'
import { bar, painter } from '../paint.ts'
import { grouped } from '../progress.ts'
import type { CommonFlags } from '../settings.ts'
import { table, widthOf } from '../table.ts'
import type { Check } from './checks.ts'
import type { Evolution } from './evolution.ts'
import { FRAUD_LIMIT, type Outcome, type TakeOver } from './groups.ts'
import type { Order } from './orders.ts'

/** So many of each partition's deliveries are shown; all with -v. */
const SHOWN_A_PARTITION = 2
const BAR_WIDTH = 30
const MARGIN = '  '

/** Everything that the demo prints, from what really happened. */
export class DemoReport {
  readonly #out: Output
  readonly #flags: CommonFlags
  readonly #paint = painter(process.stdout)
  /** Deliveries by partition. */
  readonly #delivered = new Map<number, number>()
  #hidden = 0
  /** Orders read, by reader. */
  #readers: Readonly<Record<string, number>> = {}

  constructor(out: Output, flags: CommonFlags) {
    this.#out = out
    this.#flags = flags
  }

  began(orders: readonly Order[], servers: string, topic: string, partitions: number): void {
    const users = new Set(orders.map(order => order.user)).size
    const where = servers.split(',')
    const brokers = where.length === 1 ? 'a broker' : `${where.length} brokers`
    this.#heading(`${grouped(orders.length)} orders of ${users} users, through Kafka and back`)
    this.#line(`${brokers} at ${where.join(', ')}`)
    this.#line(`topic ${topic} has ${partitions} partitions; the key of each order is its user`)
  }

  waiting(): void {
    this.#line('three groups wait for them: a dashboard, a fraud check, a warehouse')
    this.#heading('delivered')
  }

  delivered(order: Order, { topic, partition, offset }: DeliveryReport): void {
    const before = this.#delivered.get(partition) ?? 0
    this.#delivered.set(partition, before + 1)
    if (this.#flags.json) {
      if (this.#flags.verbose) this.#out.json({ topic, partition, offset, key: order.user })
      return
    }
    if (before >= SHOWN_A_PARTITION && !this.#flags.verbose) {
      this.#hidden++
      return
    }
    const place = `${topic} [${partition}] @ ${offset}`.padEnd(20)
    const { user, id, amount } = order
    const what = `${user.padEnd(10)} ${id} ${amount.toFixed(2).padStart(8)}`
    this.#line(`${this.#paint('green', place)} ${what}`)
  }

  sent(metrics: ProducerMetrics, elapsedMs: number, topic: TopicDescription): void {
    const { recordsDelivered, recordsFailed, batchRecords, deliveryLatencyMs } = metrics
    if (this.#hidden > 0)
      this.#line(this.#paint('dim', `… and ${grouped(this.#hidden)} more (-v shows each)`))
    const rate = grouped(Math.round((recordsDelivered / elapsedMs) * 1000))
    this.#heading(`delivered ${grouped(recordsDelivered)}, failed ${recordsFailed}`)
    this.#line(`in ${Math.round(elapsedMs)} ms with connecting, ${rate} a second, all acknowledged`)
    this.#line(
      `in ${batchRecords.count} batches; half of these were confirmed within ` +
        `${deliveryLatencyMs.p50.toFixed(1)} ms, all within ${deliveryLatencyMs.max.toFixed(1)} ms`,
    )
    this.#line('')
    const columns = [
      { heading: 'partition', numbers: true },
      { heading: 'leader', numbers: true },
      { heading: 'orders', numbers: true },
      { heading: '' },
    ]
    const most = Math.max(...this.#delivered.values(), 1)
    const rows = topic.partitions.map(({ partition, leader }) => {
      const count = this.#delivered.get(partition) ?? 0
      return [partition, leader, count, bar(count / most, BAR_WIDTH)]
    })
    for (const line of table(columns, rows)) this.#line(line)
  }

  readByGroups(outcome: Outcome, takeOver: TakeOver | undefined, checks: readonly Check[]): void {
    const { dashboard, fraudCheck, warehouse, cents, suspicious, lines } = outcome
    const [first, second] = warehouse
    this.#heading('and read by three groups meanwhile')
    if (takeOver) {
      const { partitions, afterMs } = takeOver
      this.#line(`${second.name} stopped in the middle; its partitions ${partitions.join(' ')}`)
      this.#line(`were with ${first.name} ${Math.round(afterMs)} ms later`)
      this.#line('')
    }
    const columns = [
      { heading: 'reader' },
      { heading: 'partitions' },
      { heading: 'orders', numbers: true },
      { heading: 'makes of them' },
    ]
    const made = [
      [dashboard, `${(cents / 100).toFixed(2)} in all`],
      [fraudCheck, `${suspicious} above ${FRAUD_LIMIT}.00`],
      [first, `a file of ${lines.length} lines`],
      [second, ''],
    ] as const
    const rows = made.map(([{ name, read }, what]) => {
      const partitions = new Set(read.map(({ partition }) => partition))
      return [name, [...partitions].sort((a, b) => a - b).join(' '), read.length, what]
    })
    for (const line of table(columns, rows)) this.#line(line)
    this.#line('')
    this.#claims(checks)
    this.#readers = Object.fromEntries(made.map(([{ name, read }]) => [name, read.length]))
  }

  readBack(checks: readonly Check[], elapsedMs: number): void {
    this.#heading(`read back in ${Math.round(elapsedMs)} ms`)
    this.#claims(checks)
  }

  evolved({ subject, sent, reasons, checks }: Evolution): void {
    this.#heading("the order's schema evolves, under the rule BACKWARD")
    const [first, second] = sent
    this.#line(`version 1 of ${subject}: ${first} orders sent in Avro`)
    this.#line(`version 2 adds currency, with a default: compatible, ${second} orders sent`)
    this.#line('version 3 adds customer, without a default: refused before any record was sent')
    for (const reason of reasons) this.#line(`  ${this.#paint('yellow', reason)}`)
    this.#claims(checks)
    this.#line('')
  }

  /** With --json, all figures as one object. */
  summed(metrics: ProducerMetrics, elapsedMs: number, checks: readonly Check[]): void {
    if (!this.#flags.json) return
    const { recordsDelivered: delivered, recordsFailed: failed } = metrics
    const partitions = Object.fromEntries([...this.#delivered].sort(([a], [b]) => a - b))
    this.#out.json({ delivered, failed, elapsedMs, partitions, readers: this.#readers, checks })
  }

  #claims(checks: readonly Check[]): void {
    for (const { claim, holds } of checks) {
      this.#line(holds ? `${this.#paint('green', '✔')} ${claim}` : this.#paint('red', `✘ ${claim}`))
    }
  }

  #heading(text: string): void {
    this.#line('')
    this.#line(this.#paint('bold', text))
  }

  #line(text: string): void {
    if (this.#flags.json || this.#flags.quiet) return
    for (const line of wrapped(text, widthOf(process.stdout) - MARGIN.length)) {
      this.#out.line(line === '' ? '' : `${MARGIN}${line}`)
    }
  }
}

/** A text in lines of at most `width` columns, as far as its words allow. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    const longer = `${last} ${word}`
    if (last === undefined) lines.push(word)
    else if (stripVTControlCharacters(longer).length > width) lines.push(`${MARGIN}${word}`)
    else lines[lines.length - 1] = longer
  }
  return lines
}
