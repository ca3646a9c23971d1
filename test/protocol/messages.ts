import {
  apis,
  ConsumerProtocolAssignment,
  ConsumerProtocolSubscription,
  ControlRecordType,
  EndTransactionMarker,
  type Message,
} from '../../src/protocol/index.ts'

export interface Declared {
  /** The name that Kafka's classes give it. */
  readonly kafkaName: string
  readonly message: Message
}

/** Every message that is declared. */
export function declared(): Declared[] {
  const ofApis = apis.flatMap(api => [
    { kafkaName: `${api.name}Request`, message: api.request },
    { kafkaName: `${api.name}Response`, message: api.response },
  ])
  return [
    ...ofApis,
    { kafkaName: 'ConsumerProtocolSubscription', message: ConsumerProtocolSubscription },
    { kafkaName: 'ConsumerProtocolAssignment', message: ConsumerProtocolAssignment },
    { kafkaName: 'ControlRecordTypeSchema', message: ControlRecordType },
    { kafkaName: 'EndTxnMarker', message: EndTransactionMarker },
  ]
}
