/** What a cluster has counted since it started. */
export class Counters {
  /** Connections that were taken. */
  connections = 0
  /** Requests that arrived, whatever became of them. */
  requests = 0
  /** Connections closed because of what the peer sent. */
  rejectedConnections = 0
  /** Connections closed because their client did not say rightly who it is. */
  failedAuthentications = 0
  /** Connections closed because the peer was too slow or silent. */
  expiredConnections = 0
  /** Requests whose handler failed in a way that it should not. */
  failedRequests = 0
}
