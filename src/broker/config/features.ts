/** A feature of the cluster as a whole (KIP-584), with its range and its level here. */
export interface Feature {
  readonly name: string
  readonly min: number
  readonly max: number
  /** 0: not in force. */
  readonly level: number
}

/** The features of Apache Kafka 4.3 that matter to clients, at the levels of a new cluster. */
export function featuresOf({ transactionVersion }: { transactionVersion: number }): Feature[] {
  return [
    { name: 'group.version', min: 0, max: 1, level: 1 },
    { name: 'metadata.version', min: 7, max: 30, level: 30 },
    { name: 'transaction.version', min: 0, max: 2, level: transactionVersion },
  ]
}
