import { backoffMs } from '../base/backoff.ts'
import { sleep } from '../base/clock.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { errorByName } from '../protocol/errors.ts'
import type { Api, RequestInput, ResponseOf } from '../protocol/index.ts'

const NOT_CONTROLLER = errorByName('NOT_CONTROLLER').code

/**
 * Sends a request to the controller. With ZooKeeper (up to Kafka 3.x) a broker that is no longer
 * the controller says so once for each item, and nothing was done: then the new one is looked for
 * and asked, until `request.timeout.ms` is over. With KRaft every broker passes the request on.
 */
export async function askController<A extends Api>(
  cluster: Cluster,
  api: A,
  request: RequestInput<A>,
  codesOf: (answer: ResponseOf<A>) => readonly number[],
  maxVersion?: number,
): Promise<ResponseOf<A>> {
  const { clock, config, random, view } = cluster
  const deadline = clock.now() + config.requestTimeoutMs
  const backoff = { initialMs: config.retryBackoffMs, maxMs: config.retryBackoffMaxMs }
  const limit = maxVersion === undefined ? {} : { maxVersion }
  for (let attempt = 1; ; attempt++) {
    const timeoutMs = Math.max(1, deadline - clock.now())
    const options = { route: { to: 'controller' }, timeoutMs, ...limit } as const
    const answer = await cluster.call(api, request, options)
    const moved = codesOf(answer).some(code => code === NOT_CONTROLLER)
    const rest = backoffMs(backoff, attempt, random)
    if (!moved || clock.now() + rest >= deadline) return answer
    view.controllerId = -1
    await sleep(clock, rest)
  }
}
