export type { TlsServerOptions } from '../net/tls-server.ts'
export type { Broker } from './broker.ts'
export { EmbeddedCluster, type Interceptor, type TopicOptions } from './cluster.ts'
export type { FaultTarget, Verdict } from './faults/faults.ts'
export type { Context } from './handler.ts'
export type { Counters } from './model/counters.ts'
export type { ClusterOptions } from './options.ts'
export type { StoredRecord } from './read-back.ts'
export type { AuthorizerOptions } from './security/acl/authorizer.ts'
export type {
  JwkSet,
  ListenerOptions,
  ListenerSecurity,
  OAuthBearerOptions,
  SaslMechanisms,
  SaslOptions,
  SaslUsers,
} from './security/options.ts'
export type { JwkEntry } from './security/sasl/jwt.ts'
export type { PushedTelemetry, TelemetryListener } from './telemetry/telemetry.ts'
