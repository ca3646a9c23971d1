import { AuthenticationError, ConnectionError, type KafkaError } from '../errors.ts'
import { dialFailure } from './diagnose.ts'

interface Finding {
  readonly code: string
  readonly what: string
  readonly hint: string
}

const TRUST =
  "name the certificate authority that signed it in ssl.ca.location (or ssl.ca.pem); it isn't in the system's list"
const untrusted: Finding = {
  code: 'CERTIFICATE_UNTRUSTED',
  what: "the broker's certificate is not signed by an authority that we trust",
  hint: TRUST,
}

/** What we found wrong with the certificate of the broker, by OpenSSL's or Node's name of it. */
const ours: Readonly<Record<string, Finding>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: {
    code: 'CERTIFICATE_UNTRUSTED',
    what: "the broker's certificate is signed by itself",
    hint: 'if that is meant to be, name this very certificate in ssl.ca.location (or ssl.ca.pem)',
  },
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  CERT_UNTRUSTED: untrusted,
  CERT_SIGNATURE_FAILURE: untrusted,
  CERT_HAS_EXPIRED: {
    code: 'CERTIFICATE_EXPIRED',
    what: "the broker's certificate, or one above it, has expired",
    hint: 'renew it on the broker; if it looks valid, is the clock of this machine right?',
  },
  CERT_NOT_YET_VALID: {
    code: 'CERTIFICATE_NOT_YET_VALID',
    what: "the broker's certificate is not valid yet",
    hint: 'is the clock of this machine right?',
  },
  CERT_REVOKED: {
    code: 'CERTIFICATE_REVOKED',
    what: "the broker's certificate was revoked",
    hint: 'the broker needs a new one',
  },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    code: 'CERTIFICATE_WRONG_HOST',
    what: "the broker's certificate is for another host",
    hint: 'connect by a name that is in it, or set ssl.endpoint.identification.algorithm to none',
  },
}

const clientRefused: Finding = {
  code: 'CLIENT_CERTIFICATE_REFUSED',
  what: 'the broker does not accept our certificate',
  hint: 'is it signed by an authority that the broker trusts, and in date? ssl.certificate.location or ssl.keystore.location names it',
}
const clientMissing: Finding = {
  code: 'CLIENT_CERTIFICATE_REQUIRED',
  what: 'the broker wants a certificate from us, and we have none',
  hint: 'set ssl.certificate.location and ssl.key.location (or ssl.keystore.location)',
}
const noCommonTls: Finding = {
  code: 'TLS_NOT_AGREED',
  what: 'the broker shares no version or cipher of TLS with us',
  hint: "see ssl.cipher.suites, ssl.options (minVersion) and the broker's ssl.enabled.protocols",
}

/** How the broker's alert reads in the code of OpenSSL's error. */
const theirs: readonly (readonly [RegExp, Finding])[] = [
  [/ALERT_CERTIFICATE_REQUIRED/, clientMissing],
  [/ALERT_(BAD|UNKNOWN|UNSUPPORTED)_CERTIFICATE|ALERT_UNKNOWN_CA|ACCESS_DENIED/, clientRefused],
  [/ALERT_CERTIFICATE_(EXPIRED|REVOKED|UNKNOWN)|ALERT_DECRYPT_ERROR/, clientRefused],
  [/PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|NO_SHARED_CIPHER|NO_CIPHERS|NO_PROTOCOLS/, noCommonTls],
  [/HANDSHAKE_FAILURE|INSUFFICIENT_SECURITY/, noCommonTls],
]

const notTls: Finding = {
  code: 'NOT_TLS',
  what: 'what listens there does not speak TLS',
  hint: 'is it a plaintext listener (set security.protocol to plaintext or sasl_plaintext)?',
}

/** What decides what an error of TLS means. */
export interface TlsPlace {
  readonly broker: string
  /** Whether we have a certificate of our own to show. */
  readonly showsCertificate: boolean
  /** Whether another try may find it well: see `AuthenticationError`. */
  readonly mayHeal: boolean
}

/** Turns a failed handshake, or dial, into an error that says in words what happened. */
export function handshakeFailure(place: TlsPlace, error: Error): KafkaError {
  const code = codeOf(error)
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|ERR_SSL_HTTP_REQUEST/.test(code)) {
    return notReachable(place, notTls, error)
  }
  // Kafka's plaintext listener takes our hello for an immense frame, and hangs up.
  const hello = 'disconnected before secure TLS connection'
  if (code === 'ECONNRESET' && error.message.includes(hello)) {
    return notReachable(
      place,
      { ...notTls, what: 'closed in the middle of the TLS handshake' },
      error,
    )
  }
  return refusal(place, error) ?? dialFailure(place.broker, error)
}

/**
 * Explains why a connection ended whose handshake was done. In TLS 1.3 the broker judges our
 * certificate only after that; its verdict is an alert, which a reset may overtake.
 */
export function laterFailure(
  place: TlsPlace,
  error: Error | undefined,
  heardAnything: boolean,
): Error | undefined {
  const refused = error && refusal(place, error)
  if (refused) return refused
  const code = error ? codeOf(error) : 'ECONNRESET'
  if (heardAnything || !/^(ECONNRESET|EPIPE)$/.test(code)) return error
  return new ConnectionError({
    code: 'CONNECTION_CLOSED',
    message: `broker ${place.broker} hung up right after the TLS handshake`,
    retriable: true,
    hint: place.showsCertificate
      ? 'does it trust our certificate (ssl.certificate.location, ssl.keystore.location)?'
      : 'does it want a certificate from us (ssl.certificate.location and ssl.key.location)?',
    cause: error,
    at: { broker: place.broker },
  })
}

function refusal(place: TlsPlace, error: Error): AuthenticationError | undefined {
  const code = codeOf(error)
  const alert = theirs.find(([pattern]) => pattern.test(code))?.[1]
  // Java's way to say that a certificate is missing is to call it bad.
  const heard = alert === clientRefused && !place.showsCertificate ? clientMissing : alert
  const found = ours[code] ?? heard
  if (!found) return undefined
  const detail = code === 'ERR_TLS_CERT_ALTNAME_INVALID' ? ` (${error.message})` : ''
  return new AuthenticationError({
    code: found.code,
    message: `broker ${place.broker}: ${found.what}${detail}`,
    retriable: place.mayHeal,
    hint: found.hint,
    cause: error,
    at: { broker: place.broker },
  })
}

function notReachable(place: TlsPlace, found: Finding, error: Error): ConnectionError {
  return new ConnectionError({
    code: found.code,
    message: `${place.broker}: ${found.what}`,
    retriable: true,
    hint: found.hint,
    cause: error,
    at: { broker: place.broker },
  })
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : ''
}
