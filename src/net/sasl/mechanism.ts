/** The conversation between a mechanism and one broker. */
export interface SaslExchange {
  /** The host that was dialled, for mechanisms that name the service (GSSAPI: `kafka/HOST`). */
  readonly host: string
  readonly port: number
  /** Aborts when `socket.connection.setup.timeout.ms` is over, or the connection is gone. */
  readonly signal: AbortSignal
  /** Sends one message and resolves with the broker's answer; rejects when it refuses. */
  send(message: Uint8Array): Promise<Buffer>
}

/**
 * A way to prove who we are. It runs once for each connection, and again over the same connection
 * before a session ends (KIP-368), so it must hold no state of one run.
 *
 * @example
 * const external: SaslMechanism = {
 *   name: 'EXTERNAL',
 *   authenticate: async ({ send }) => void (await send(Buffer.from('orders-service'))),
 * }
 */
export interface SaslMechanism {
  /** As the broker lists it in `sasl.enabled.mechanisms`. */
  readonly name: string
  /** What to look at when the broker refuses. */
  readonly hint?: string
  /**
   * Whether another try may bring other credentials, since a function or a provider is asked; true
   * by default. A refusal after an earlier success is tried again: a rotation may be under way.
   */
  readonly mayChange?: boolean
  /** Says what has to be said; rejects to give up. What it sends is never logged. */
  authenticate(exchange: SaslExchange): Promise<void>
}

/** Why a mechanism gave up, in words that hold no secret. */
export class SaslFailure extends Error {
  override readonly name = 'SaslFailure'
  readonly code: string
  readonly hint: string | undefined
  constructor(code: string, message: string, hint?: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.hint = hint
  }
}

/** Who somebody is to a broker, for PLAIN and SCRAM. */
export interface Credentials {
  readonly username: string
  readonly password: string
  /** They are of a delegation token (KIP-48), for SCRAM. */
  readonly isToken?: boolean
}

/** Fixed, or asked for at each authentication. */
export type CredentialsSource = Credentials | (() => Credentials | Promise<Credentials>)

/** The credentials of now; what a function throws or gives wrongly is a SaslFailure. */
export async function currentCredentials(source: CredentialsSource): Promise<Credentials> {
  if (typeof source !== 'function') return source
  const given: unknown = await asked('sasl.credentials', source)
  if (isCredentials(given)) return given
  throw new SaslFailure(
    'CREDENTIALS_UNAVAILABLE',
    'sasl.credentials gave no credentials',
    'it must give { username, password }, both texts that are not empty',
  )
}

/** What a function of the program gives; its failure becomes a SaslFailure that names it. */
export async function asked<T>(setting: string, source: () => T | Promise<T>): Promise<T> {
  try {
    return await source()
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown)
    const said = `the function of ${setting} threw: ${why}`
    throw new SaslFailure('CREDENTIALS_UNAVAILABLE', said, undefined, thrown)
  }
}

function isCredentials(given: unknown): given is Credentials {
  if (typeof given !== 'object' || given === null) return false
  if (!('username' in given) || !('password' in given)) return false
  const { username, password } = given
  return [username, password].every(text => typeof text === 'string' && text !== '')
}
