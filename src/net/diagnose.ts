import { asError, ConnectionError, type ErrorPlace, TimeoutError } from '../errors.ts'

const known: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused: nothing listens there',
  ENOTFOUND: 'the name does not resolve',
  EAI_AGAIN: 'the name does not resolve just now (DNS gives no answer)',
  ETIMEDOUT: 'timed out: no answer to the connection attempt',
  EHOSTUNREACH: 'no route to that host',
  ENETUNREACH: 'no route to that network',
  ECONNRESET: 'the connection was reset by the peer',
  EPIPE: 'the peer had closed the connection',
}

/**
 * Turns a failed dial into an error that says in words what happened. Where a broker's id is known,
 * the address came from the cluster itself, which may know itself by another one than we do.
 */
export function dialFailure(address: string, cause: unknown, nodeId?: number): ConnectionError {
  const error = innermost(asError(cause))
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'CONNECT_FAILED'
  const what = known[code] ?? error.message
  return new ConnectionError({
    code,
    message: `${address}: ${what}`,
    retriable: true,
    hint: nodeId === undefined ? undefined : advertisedHint(nodeId),
    cause,
    at: { broker: address },
  })
}

/** A tunnel, a container or a port-forward makes this the commonest of mistakes. */
export function advertisedHint(nodeId: number): string {
  return (
    `broker ${nodeId} is down, or it advertises an address that can't be reached from here ` +
    '(advertised.listeners there, or broker.address.mapper here)'
  )
}

/** Node joins the failures of several addresses of one name; the first tells enough. */
function innermost(error: Error): Error {
  return error instanceof AggregateError && error.errors.length > 0
    ? asError(error.errors[0])
    : error
}

/** What the peer did before it was gone, which decides what its going means. */
export interface Silence {
  readonly receivedBytes: number
  /** It told its versions and no more, and was never told who we are. */
  readonly onlyNegotiated?: boolean
  readonly phase: 'negotiating' | 'authenticating' | 'ready'
}

/** Explains a connection that was closed under us. */
export function closeFailure(
  place: ErrorPlace,
  silence: Silence,
  cause: Error | undefined,
): ConnectionError {
  const strange = silence.receivedBytes === 0 && silence.phase === 'negotiating'
  const hint = strange
    ? 'is it a TLS listener (set security.protocol to ssl or sasl_ssl), or no Kafka broker at all?'
    : silence.phase === 'authenticating'
      ? 'the broker hung up during authentication: are mechanism and credentials right?'
      : silence.onlyNegotiated && hungUp(cause)
        ? 'does this listener want SASL (set security.protocol to sasl_plaintext or sasl_ssl)?'
        : undefined
  const when = strange ? 'before it answered anything' : `while ${silence.phase}`
  const why = cause ? ` (${cause.message})` : ''
  return new ConnectionError({
    code: 'CONNECTION_CLOSED',
    message: `broker ${place.broker} closed the connection ${when}${why}`,
    retriable: true,
    hint,
    cause,
    at: place,
  })
}

/** Whether the peer ended it, rather than we or the network. */
function hungUp(cause: Error | undefined): boolean {
  return cause === undefined || ('code' in cause && cause.code === 'ECONNRESET')
}

/** Knows some protocols that are not Kafka by their first bytes. */
export function foreignProtocol(first: Buffer): string | undefined {
  if (first.length >= 3 && (first[0] === 0x15 || first[0] === 0x16) && first[1] === 0x03) {
    return 'it speaks TLS: set security.protocol to ssl or sasl_ssl'
  }
  const text = first.toString('latin1', 0, 8)
  if (text.startsWith('HTTP/') || /^<(!|htm)/i.test(text)) return 'it speaks HTTP, not Kafka'
  if (text.startsWith('SSH-')) return 'it speaks SSH, not Kafka'
  return undefined
}

/** What somebody speaks who came to a broker with no request of Kafka, by the first four bytes. */
export function foreignClient(first: Buffer): string | undefined {
  if (first[0] === 0x16 && first[1] === 0x03) {
    return 'it speaks TLS, and this listener speaks plaintext'
  }
  const text = first.toString('latin1', 0, 4)
  if (/^(GET |HEAD|POST|PUT |DELE|OPTI|PATC|CONN|TRAC|PRI )$/.test(text)) {
    return 'it speaks HTTP, and this is a Kafka broker'
  }
  return text === 'SSH-' ? 'it speaks SSH, and this is a Kafka broker' : undefined
}

/** What may take so long at most, and whose id is known where somebody advertised the address. */
interface Dialled {
  readonly setupTimeoutMs: number
  readonly nodeId?: number | undefined
}

/** Dialling, negotiating and authenticating took too long. */
export function tooLate(at: string, { setupTimeoutMs, nodeId }: Dialled): TimeoutError {
  return new TimeoutError({
    code: 'CONNECT_TIMED_OUT',
    message: `${at}: no connection within ${setupTimeoutMs} ms`,
    retriable: true,
    hint: nodeId === undefined ? undefined : advertisedHint(nodeId),
    at: { broker: at },
  })
}
