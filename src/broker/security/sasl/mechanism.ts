/** What a mechanism says to one message of a client. */
export type SaslStep =
  | { readonly is: 'more'; readonly challenge: Buffer }
  | {
      readonly is: 'done'
      readonly challenge: Buffer
      readonly user: string
      /** When the credentials end, in milliseconds since 1970: the session ends with them. */
      readonly expiresAt?: number
    }
  /** Without a message, the client hears no more than that its credentials are invalid. */
  | { readonly is: 'refused'; readonly message?: string }

/** One run of a mechanism with one client. */
export interface ServerExchange {
  respond(message: Buffer): Promise<SaslStep>
}

/** A way for clients to prove who they are: the other side of the client's `SaslMechanism`. */
export interface ServerMechanism {
  readonly name: string
  begin(): ServerExchange
}

export const NO_CHALLENGE = Buffer.alloc(0)

/** Longer messages are refused unread, as by `sasl.server.max.receive.size`. */
export const LONGEST_SASL_MESSAGE = 524_288

export function refused(message?: string): SaslStep {
  return message === undefined ? { is: 'refused' } : { is: 'refused', message }
}

/** A client may act for somebody else by RFC 4422, but Kafka knows no such right. */
export const OTHER_AUTHORIZATION =
  'Authentication failed: Client requested an authorization id that is different from username'
