import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { array, bool, errorCode, int32, int64, string, throttle } from '../schema/field.ts'

/** Tells of the log directories of one broker and of what lies in them. */
export const DescribeLogDirs = api({
  key: 35,
  name: 'DescribeLogDirs',
  versions: [1, 5],
  flexible: 2,
  route: 'chosen',
  request: {
    topics: array({
      topic: string,
      partitions: array(int32),
    }).nullable(),
  },
  response: {
    throttleTimeMs: throttle,
    errorCode: errorCode.since(3).ignorable(),
    results: array({
      errorCode,
      logDir: string,
      topics: array({
        name: string,
        partitions: array({
          partitionIndex: int32,
          partitionSize: int64,
          offsetLag: int64,
          isFutureKey: bool,
        }),
      }),
      totalBytes: int64.since(4).else(-1).ignorable(),
      usableBytes: int64.since(4).else(-1).ignorable(),
      isCordoned: bool.since(5).ignorable(),
    }),
  },
})

export interface DescribeLogDirsRequest extends RequestOf<typeof DescribeLogDirs> {}
export interface DescribeLogDirsResponse extends ResponseOf<typeof DescribeLogDirs> {}
