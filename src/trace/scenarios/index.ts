import type { Scenario } from '../scenario.ts'
import { batching } from './batching.ts'
import { bufferFull } from './buffer-full.ts'
import { compression } from './compression.ts'
import { consumerGroup } from './consumer-group.ts'
import { fencing } from './fencing.ts'
import { firstMessage } from './first-message.ts'
import { flush } from './flush.ts'
import { keys } from './keys.ts'
import { rebalance } from './rebalance.ts'
import { retry } from './retry.ts'
import { transaction } from './transaction.ts'

/** All scenarios, from the simplest on. */
export const scenarios: readonly Scenario[] = [
  firstMessage,
  keys,
  batching,
  bufferFull,
  flush,
  retry,
  compression,
  transaction,
  fencing,
  consumerGroup,
  rebalance,
]
