import type { Target } from '../target.ts'
import { batchesTarget } from './batches.ts'
import { bearerClientTarget, bearerServerTarget } from './bearer.ts'
import { brokerTarget } from './broker.ts'
import { codecsTarget } from './codecs.ts'
import { framesTarget } from './frames.ts'
import { membersTarget } from './members.ts'
import { messagesTarget } from './messages.ts'
import { scramClientTarget, scramServerTarget } from './scram.ts'

/** All that reads bytes of others. */
export const targets: readonly Target[] = [
  messagesTarget,
  codecsTarget,
  batchesTarget,
  framesTarget,
  membersTarget,
  scramClientTarget,
  scramServerTarget,
  bearerClientTarget,
  bearerServerTarget,
  brokerTarget,
]
