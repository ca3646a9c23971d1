import type { ConsumerConfig } from '../../consumer/options.ts'
import type { ProducerConfig } from '../../producer/options.ts'
import { type Finding, fine, warning } from './finding.ts'

/** The settings of both kinds of client, checked each by itself already. */
export interface Settings {
  readonly producer: ProducerConfig
  readonly consumer: ConsumerConfig
}

const CHECK = 'settings'

type Rule = (settings: Settings) => Finding | undefined

/** What is allowed, and yet seldom what somebody wants. */
const rules: readonly Rule[] = [
  ({ producer: { acks } }) =>
    acks === 'all'
      ? undefined
      : warning(
          CHECK,
          `acks is ${acks}: a record that counts as delivered is lost with the leader's disk`,
          'set acks to all, unless such a loss does no harm',
        ),
  ({ producer: { enableIdempotence, acks, maxInFlightRequestsPerConnection: most } }) =>
    enableIdempotence || most === 1 || acks === '0'
      ? undefined
      : warning(
          CHECK,
          `without idempotence and with ${most} requests in flight a retry may swap or repeat records`,
          'leave enable.idempotence at true, with acks=all',
        ),
  ({ producer: { requestTimeoutMs, deliveryTimeoutMs } }) =>
    requestTimeoutMs < deliveryTimeoutMs
      ? undefined
      : warning(
          CHECK,
          `request.timeout.ms (${requestTimeoutMs}) leaves delivery.timeout.ms (${deliveryTimeoutMs}) no time for a second try`,
          'make delivery.timeout.ms a few times as long',
        ),
  ({ producer: { batchSize, maxRequestSize } }) =>
    batchSize <= maxRequestSize
      ? undefined
      : warning(
          CHECK,
          `batch.size (${batchSize}) is more than max.request.size (${maxRequestSize}), so that no batch gets full`,
          'make batch.size the smaller one',
        ),
  ({ consumer: { sessionTimeoutMs, heartbeatIntervalMs } }) =>
    heartbeatIntervalMs * 2 <= sessionTimeoutMs
      ? undefined
      : warning(
          CHECK,
          `one lost heartbeat (every ${heartbeatIntervalMs} ms) ends a session of ${sessionTimeoutMs} ms`,
          'make heartbeat.interval.ms a third of session.timeout.ms',
        ),
  ({ producer: { securityProtocol, enableSslCertificateVerification: isVerified } }) =>
    isVerified || !securityProtocol.endsWith('ssl')
      ? undefined
      : warning(
          CHECK,
          'the certificate of the broker is not verified: anybody may stand in its place',
          'name its authority in ssl.ca.location, and leave enable.ssl.certificate.verification at true',
        ),
  ({ producer: { securityProtocol, sslEndpointIdentificationAlgorithm: algorithm } }) =>
    algorithm === 'https' || !securityProtocol.endsWith('ssl')
      ? undefined
      : warning(
          CHECK,
          'any certificate of the authority is taken for that of the broker, whatever its name',
          "have the broker's name put into its certificate, and leave ssl.endpoint.identification.algorithm at https",
        ),
  ({ producer: { securityProtocol, saslMechanism, bootstrapServers } }) =>
    securityProtocol !== 'sasl_plaintext' ||
    !['PLAIN', 'OAUTHBEARER'].includes(String(saslMechanism)) ||
    bootstrapServers.every(isLoopback)
      ? undefined
      : warning(
          CHECK,
          `${saslMechanism} over an unprotected connection: whoever listens on the way reads the secret`,
          'set security.protocol to sasl_ssl, or use SCRAM, at a listener that has it',
        ),
]

/** What of the settings is allowed, but dangerous, or in its own way. */
export function checkSettings(settings: Settings): Finding[] {
  const found = rules.flatMap(rule => rule(settings) ?? [])
  return found.length > 0 ? found : [fine(CHECK, 'nothing unknown, nothing that contradicts')]
}

function isLoopback(server: string): boolean {
  return /^([a-z_]+:\/\/)?(localhost|127\.|\[?::1)/i.test(server)
}
