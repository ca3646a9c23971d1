import type { Clock } from '../base/clock.ts'
import { deferred } from '../base/deferred.ts'
import type { Partition } from './model/partition.ts'

/** A wait for records. */
export interface MoreBytes {
  /** Resolves when there may be enough, something changed, or it makes no sense to wait. */
  readonly promise: Promise<void>
  /** Whether anything came or changed; if not, what was read before is all there is. */
  readonly heardAny: boolean
  cancel(): void
}

/**
 * Waits until so many bytes as are `missing` came to the partitions, one of them changed hands, or
 * `deadline` is reached. The count can be lowered until the wait begins to be awaited.
 */
export function moreBytes(
  clock: Clock,
  partitions: readonly Partition[],
  missing: { bytes: number },
  deadline: number,
  signal: AbortSignal,
): MoreBytes {
  const { promise, resolve } = deferred<void>()
  let came = 0
  let heardAny = false
  const unwatch = partitions.map(partition => partition.watch(heard))
  const timer = clock.after(Math.max(0, deadline - clock.now()), stop)
  signal.addEventListener('abort', stop, { once: true })
  return {
    promise,
    cancel: stop,
    get heardAny() {
      return heardAny
    },
  }

  function heard(bytes: number) {
    heardAny = true
    came += bytes
    if (bytes === 0 || came >= missing.bytes) stop()
  }

  function stop() {
    timer.cancel()
    for (const end of unwatch) end()
    signal.removeEventListener('abort', stop)
    resolve()
  }
}
