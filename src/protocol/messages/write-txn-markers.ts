import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { array, bigint64, bool, errorCode, int8, int16, int32, string } from '../schema/field.ts'

/** Writes the markers that end transactions into partitions; sent by transaction coordinators. */
export const WriteTxnMarkers = api({
  key: 27,
  name: 'WriteTxnMarkers',
  versions: [1, 2],
  flexible: 1,
  route: 'leader',
  request: {
    markers: array({
      producerId: bigint64,
      producerEpoch: int16,
      /** True commits. */
      transactionResult: bool,
      topics: array({
        name: string,
        partitionIndexes: array(int32),
      }),
      coordinatorEpoch: int32,
      transactionVersion: int8.since(2).ignorable(),
    }),
  },
  response: {
    markers: array({
      producerId: bigint64,
      topics: array({
        name: string,
        partitions: array({
          partitionIndex: int32,
          errorCode,
        }),
      }),
    }),
  },
})

export interface WriteTxnMarkersRequest extends RequestOf<typeof WriteTxnMarkers> {}
export interface WriteTxnMarkersResponse extends ResponseOf<typeof WriteTxnMarkers> {}
