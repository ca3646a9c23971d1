import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { fileError } from '../exit.ts'

/** An order, as it stands in its line of the file. */
export interface Order {
  readonly id: string
  readonly user: string
  readonly amount: number
  /** The line itself, which is what is sent. */
  readonly line: string
}

/** The same relative path from `src/cli/demo` and from `dist/cli/demo`. */
const ORDERS = fileURLToPath(new URL('../../../examples/orders.jsonl', import.meta.url))

/** The orders that come with this package. */
export async function exampleOrders(): Promise<Order[]> {
  let text: string
  try {
    text = await readFile(ORDERS, 'utf8')
  } catch (error) {
    throw fileError(ORDERS, error)
  }
  return text
    .split('\n')
    .filter(line => line !== '')
    .map(parseOrder)
}

/** A line as an order; throws where it is none. */
export function parseOrder(line: string): Order {
  const { id, user, amount } = JSON.parse(line) as Record<string, unknown>
  if (typeof id === 'string' && typeof user === 'string' && typeof amount === 'number') {
    return { id, user, amount, line }
  }
  throw new Error(`not an order: ${line}`)
}
