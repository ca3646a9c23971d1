import { grouped } from '../progress.ts'
import { type Finding, fine, problem, warning } from './finding.ts'

/** All that limits how large a record may be; undefined where nobody says. */
export interface SizeLimits {
  /** The producer's. */
  readonly maxRequestSize: number
  /** The topic's `max.message.bytes`, or the broker's `message.max.bytes` where it has none. */
  readonly maxMessageBytes: number | undefined
  /** Of the broker: what its followers copy at a time. */
  readonly replicaFetchMaxBytes: number | undefined
  /** Of the broker: the largest request that it reads. */
  readonly socketRequestMaxBytes: number | undefined
}

/** What a batch and a request hold beside one record: headers, lengths, the topic's name. */
const WRAPPING_BYTES = 512

/** Whether the limits fit each other, and whether a record of `size` bytes passes them all. */
export function checkSizes(topic: string, limits: SizeLimits, size: number | undefined): Finding[] {
  const check = 'record size'
  const found = [...passing(check, topic, limits, size), ...fitting(check, topic, limits)]
  if (found.length > 0) return found
  const most = Math.min(limits.maxRequestSize, limits.maxMessageBytes ?? Number.POSITIVE_INFINITY)
  return [fine(check, `up to about ${grouped(most)} bytes get through`)]
}

/** Each limit that a record of this size is over, since to raise one alone is of no use. */
function passing(
  check: string,
  topic: string,
  limits: SizeLimits,
  size: number | undefined,
): Finding[] {
  if (size === undefined) return []
  const needed = size + WRAPPING_BYTES
  const found: Finding[] = []
  if (needed > limits.maxRequestSize) {
    found.push(
      problem(
        check,
        `${grouped(size)} bytes are more than max.request.size of the producer (${grouped(limits.maxRequestSize)})`,
        `set max.request.size to ${needed} or more in the program (here: -X max.request.size=${needed})`,
      ),
    )
  }
  if (needed > (limits.maxMessageBytes ?? needed)) {
    found.push(
      problem(
        check,
        `${grouped(size)} bytes are more than max.message.bytes of ${topic} (${grouped(limits.maxMessageBytes ?? 0)}), unless they compress well: MESSAGE_TOO_LARGE`,
        `posthaste topics alter ${topic} --config max.message.bytes=${needed} (for all topics: message.max.bytes of the brokers)`,
      ),
    )
  }
  return found
}

function fitting(check: string, topic: string, limits: SizeLimits): Finding[] {
  const { maxRequestSize, maxMessageBytes, replicaFetchMaxBytes, socketRequestMaxBytes } = limits
  const found: Finding[] = []
  if (maxMessageBytes !== undefined && maxRequestSize > maxMessageBytes + WRAPPING_BYTES) {
    found.push(
      warning(
        check,
        `max.request.size (${grouped(maxRequestSize)}) lets pass what max.message.bytes of ${topic} (${grouped(maxMessageBytes)}) refuses`,
        'make both the same, so that a record which is too large is told of before it is sent',
      ),
    )
  }
  if (maxRequestSize > (socketRequestMaxBytes ?? maxRequestSize)) {
    found.push(
      problem(
        check,
        `max.request.size (${grouped(maxRequestSize)}) is more than socket.request.max.bytes of the broker (${grouped(socketRequestMaxBytes ?? 0)}), which hangs up on larger requests`,
        'lower max.request.size, or raise socket.request.max.bytes',
      ),
    )
  }
  if (replicaFetchMaxBytes !== undefined && (maxMessageBytes ?? 0) > replicaFetchMaxBytes) {
    found.push(
      warning(
        check,
        `max.message.bytes of ${topic} is more than replica.fetch.max.bytes of the brokers (${grouped(replicaFetchMaxBytes)}): large batches are copied one at a time (before Kafka 0.10.1: never)`,
        'raise replica.fetch.max.bytes of the brokers to the same',
      ),
    )
  }
  return found
}
