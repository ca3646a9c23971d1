import type { Cluster } from '../../cluster/cluster.ts'
import { asError } from '../../errors.ts'
import { EndTxn, Heartbeat, InitProducerId } from '../../protocol/index.ts'
import { checkProbe } from './rights-checks.ts'
import { type Contact, QUESTION_MS } from './visit.ts'

/** A member and a producer that nobody is: what is asked in their names changes nothing. */
const NOBODY = 'posthaste-doctor'
const NO_PRODUCER = { producerId: -1n, producerEpoch: -1 }

/** Asks harmless questions that need the rights which a producer and a consumer need. */
export async function examineRights({ visit, settings, cluster }: Contact): Promise<void> {
  const { enableIdempotence, transactionalId } = settings.producer
  const { groupId } = settings.consumer
  if (visit.role !== 'consumer' && transactionalId !== undefined) {
    await probe(`write in transactions as ${transactionalId}`, () =>
      askAsTransaction(cluster, transactionalId),
    )
  } else if (visit.role !== 'consumer' && enableIdempotence) {
    await probe('write idempotently', () => askForProducerId(cluster))
  }
  if (visit.role !== 'producer' && groupId !== undefined) {
    await probe(`read as the group ${groupId}`, () => askAsMember(cluster, groupId))
  }

  async function probe(what: string, ask: () => Promise<unknown>): Promise<void> {
    const error = await ask().then(
      () => undefined,
      thrown => asError(thrown),
    )
    visit.tell([checkProbe({ what, error })])
  }
}

/** A producer id is used up by it, of which there are 2^63. */
function askForProducerId(cluster: Cluster): Promise<unknown> {
  return cluster.call(
    InitProducerId,
    { transactionalId: null, transactionTimeoutMs: QUESTION_MS },
    { timeoutMs: QUESTION_MS },
  )
}

/** Not by InitProducerId, which would fence the producer that works under this id. */
function askAsTransaction(cluster: Cluster, transactionalId: string): Promise<unknown> {
  return cluster.call(
    EndTxn,
    { transactionalId, ...NO_PRODUCER, committed: false },
    {
      route: { to: 'coordinator', of: 'transaction', key: transactionalId },
      timeoutMs: QUESTION_MS,
      failure: ({ errorCode }) =>
        errorCode === 0 ? undefined : { errorCode, at: { transactionalId } },
    },
  )
}

function askAsMember(cluster: Cluster, groupId: string): Promise<unknown> {
  return cluster.call(
    Heartbeat,
    { groupId, generationId: 0, memberId: NOBODY },
    { route: { to: 'coordinator', of: 'group', key: groupId }, timeoutMs: QUESTION_MS },
  )
}
