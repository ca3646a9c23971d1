import { FRAUD_LIMIT, type Outcome, type ReadBy, type TakeOver } from './groups.ts'
import { type Order, parseOrder } from './orders.ts'

/** A record as it was read back. */
export interface ReadRecord {
  readonly partition: number
  readonly offset: number
  readonly key: string
  readonly value: string
}

/** Something that must be true of what came back, and whether it is. */
export interface Check {
  readonly claim: string
  readonly holds: boolean
}

/** Holds what was read, partition by partition in order of offsets, against what was sent. */
export function checksOf(sent: readonly Order[], read: readonly ReadRecord[]): Check[] {
  const users = new Set(sent.map(order => order.user))
  const total = sumOf(sent.map(order => order.amount))
  return [
    {
      claim: `all ${sent.length} orders came back, each once and byte for byte`,
      holds: sameTexts(
        sent.map(order => order.line),
        read.map(record => record.value),
      ),
    },
    {
      claim: `the orders of each of the ${users.size} users lie in one partition`,
      holds: [...users].every(user => partitionsOf(user, read).size === 1),
    },
    {
      claim: "and there in the file's order",
      holds: [...users].every(user => isInOrder(user, sent, read)),
    },
    {
      claim: `their amounts add up to ${(total / 100).toFixed(2)}, as in the file`,
      holds: total === sumOf(read.map(record => amountIn(record.value))),
    },
  ]
}

/** Holds what three groups made of the orders while these were sent against what was sent. */
export function groupChecksOf(
  sent: readonly Order[],
  outcome: Outcome,
  takeOver: TakeOver | undefined,
): Check[] {
  const { dashboard, fraudCheck, warehouse, cents, suspicious, lines } = outcome
  const wanted = sent.map(order => order.line)
  const groups = [[dashboard], [fraudCheck], warehouse]
  const values = groups.map(members => members.flatMap(({ read }) => read.map(each => each.value)))
  const written = lines.map(parseOrder).map(({ user, line }) => ({ key: user, value: line }))
  const users = new Set(sent.map(order => order.user))
  return [
    {
      claim: `each of the three groups read all ${sent.length} orders, each once`,
      holds: values.every(each => sameTexts(wanted, each)),
    },
    {
      claim: `${warehouse[0].name} went on where ${warehouse[1].name} had stopped, to the offset`,
      holds: takeOver?.partitions.every(p => goesOn(p, warehouse, dashboard)) ?? false,
    },
    {
      claim: 'the dashboard has the right total, the fraud check missed none',
      holds:
        cents === sumOf(sent.map(order => order.amount)) &&
        suspicious === sent.filter(order => order.amount > FRAUD_LIMIT).length,
    },
    {
      claim: "the warehouse's file has each user's orders in order",
      holds: sameTexts(wanted, lines) && [...users].every(user => isInOrder(user, sent, written)),
    },
  ]
}

/**
 * Whether one member read a partition from the very offset before which the other stopped: what
 * comes next there, as a group that read all of it knows, or nothing where the other read it all.
 */
function goesOn(partition: number, [first, second]: Outcome['warehouse'], all: ReadBy): boolean {
  const isIn = (record: ReadBy['read'][number]) => record.partition === partition
  const from = (second.read.findLast(isIn)?.offset ?? -1) + 1
  const hasMore = all.read.some(record => isIn(record) && record.offset >= from)
  return first.read.find(isIn)?.offset === (hasMore ? from : undefined)
}

function sameTexts(some: readonly string[], others: readonly string[]): boolean {
  const left = some.toSorted()
  const right = others.toSorted()
  return left.length === right.length && left.every((text, i) => text === right[i])
}

function partitionsOf(user: string, read: readonly ReadRecord[]): Set<number> {
  return new Set(read.filter(({ key }) => key === user).map(({ partition }) => partition))
}

function isInOrder(
  user: string,
  sent: readonly Order[],
  read: readonly Pick<ReadRecord, 'key' | 'value'>[],
): boolean {
  const wanted = sent.filter(order => order.user === user).map(order => order.line)
  const got = read.filter(({ key }) => key === user).map(({ value }) => value)
  return wanted.length === got.length && wanted.every((line, i) => line === got[i])
}

/** In cents, which add up without rounding. */
function sumOf(amounts: readonly number[]): number {
  return amounts.reduce((sum, amount) => sum + Math.round(amount * 100), 0)
}

function amountIn(value: string): number {
  const { amount } = JSON.parse(value) as { readonly amount?: unknown }
  return typeof amount === 'number' ? amount : Number.NaN
}
