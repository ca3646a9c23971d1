import {
  beginOperation,
  beginProcess,
  type Operation,
  type OperationFacts,
  tapOperation,
} from '../operations.ts'
import type { Message } from './message.ts'
import type { MessageBatch } from './message-batch.ts'
import type { LoopParts } from './work.ts'

const processing = tapOperation('process')
const receiving = tapOperation('receive')

type Parts = Pick<LoopParts, 'publisher' | 'groupId'>
type Subject<Key, Value> =
  | { readonly message: Message<Key, Value> }
  | { readonly batch: MessageBatch<Key, Value> }
type Work = OperationFacts<'process'>['work']

/** Calls a handler, and lets tools take part in what it does. */
export function callHandler<Key, Value>(
  { publisher: { source }, groupId: group }: Parts,
  work: Subject<Key, Value>,
  attempt: number,
  call: () => void | Promise<void>,
): void | Promise<void> {
  if (!processing.hasSubscribers) return call()
  const facts = { source, group, work: work as Work, by: 'handler', attempt } as const
  const operation = beginProcess(facts)
  return operation ? attended(operation, call) : call()
}

async function attended(
  operation: Operation<'process'>,
  call: () => void | Promise<void>,
): Promise<void> {
  try {
    await operation.run(call)
  } catch (error) {
    operation.end({ error })
    throw error
  }
  operation.end({})
}

/** The turn of a loop with what was handed out to it; undefined where no tool takes part. */
export function beginTurn<Key, Value>(
  { publisher: { source }, groupId: group }: Parts,
  work: Subject<Key, Value>,
): Operation<'process'> | undefined {
  if (!processing.hasSubscribers) return undefined
  return beginProcess({ source, group, work: work as Work, by: 'loop', attempt: 1 })
}

/** Tells that a loop has the batch that it asked for. */
export function tellReceived<Key, Value>(
  { publisher: { source }, groupId: group }: Parts,
  batch: MessageBatch<Key, Value>,
  askedAt: number,
): void {
  if (!receiving.hasSubscribers) return
  const facts = { source, group, batch, askedAt } as OperationFacts<'receive'>
  beginOperation('receive', facts)?.end({})
}
