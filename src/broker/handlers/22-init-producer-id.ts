/**
 * InitProducerId, versions 0 to 5.
 *
 * - Without a transactional id: a new producer id with epoch 0, never given out before, restarts
 *   included. Any broker answers.
 * - With one: not served yet, UNSUPPORTED_VERSION. An empty one is INVALID_REQUEST.
 */
import { InitProducerId } from '../../protocol/messages/index.ts'
import { on } from '../handler.ts'
import { code } from './answers.ts'

export const initProducerId = on(
  InitProducerId,
  [0, 5],
  async ({ transactionalId }, { cluster }) => {
    if (transactionalId !== null) {
      const error = transactionalId === '' ? 'INVALID_REQUEST' : 'UNSUPPORTED_VERSION'
      return { errorCode: code(error), producerEpoch: -1 }
    }
    return { errorCode: 0, producerId: await cluster.producerIds.take(), producerEpoch: 0 }
  },
)
