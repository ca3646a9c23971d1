import { type MessageOf, versioned } from '../schema/api.ts'
import { int16, int32 } from '../schema/field.ts'

/** The key of a record in a control batch; its version stands before it. */
export const ControlRecordType = versioned('ControlRecordType', [0, 0], {
  /** One of CONTROL_RECORD_TYPES. */
  type: int16,
})

/** What a control record stands for. Readers skip those that they don't know. */
export const CONTROL_RECORD_TYPES = { abort: 0, commit: 1, leaderChange: 2 } as const

/** The value of the record that ends a transaction; its version stands before it. */
export const EndTransactionMarker = versioned('EndTransactionMarker', [0, 0], {
  coordinatorEpoch: int32,
})

/** The end of a transaction, as it is read. */
export interface TransactionMarker extends MessageOf<typeof EndTransactionMarker> {}
