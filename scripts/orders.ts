// Makes examples/orders.jsonl: orders of a small shop's day. The same seed gives the same file.
//   npx tsx scripts/orders.ts > examples/orders.jsonl
import { randomBelow, seededRandom } from '../src/base/random.ts'

const ORDERS = 1_200
const OPENS = Date.UTC(2026, 10, 20, 7, 0, 0)
const MOST_BETWEEN_MS = 70_000

const items = [
  ['espresso beans, 1 kg', 18.9],
  ['green tea, 100 g', 7.5],
  ['pour-over kettle', 49],
  ['ceramic dripper', 24.5],
  ['paper filters, 100', 5.9],
  ['hand grinder', 89],
  ['oat milk, 6 × 1 l', 14.4],
  ['cocoa, 500 g', 11.2],
  ['glass carafe', 32],
  ['crème brûlée set', 27.8],
  ['travel mug', 21],
  ['kitchen scale', 39.9],
] as const

const names = (
  'ada alan barbara bjarne claude daphne dennis edsger frances grace hedy joan john katherine ' +
  'ken konrad leslie linus margaret niklaus radia robin shafi sophie tim tony vint whitfield'
).split(' ')

const random = seededRandom(20261120)
let at = OPENS
const lines = Array.from({ length: ORDERS }, (_, index) => {
  at += 1 + randomBelow(random, MOST_BETWEEN_MS)
  // A few regulars order much more often than others, as they do.
  const regular = Math.floor(random() ** 2 * names.length)
  const [item, price] = items[randomBelow(random, items.length)]!
  const quantity = 1 + randomBelow(random, 3)
  return JSON.stringify({
    id: `order-${String(index + 1).padStart(5, '0')}`,
    timestamp: new Date(at).toISOString(),
    user: names[regular],
    item,
    quantity,
    amount: Math.round(price * quantity * 100) / 100,
  })
})
process.stdout.write(`${lines.join('\n')}\n`)
