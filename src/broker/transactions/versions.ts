import type { ErrorName } from '../../protocol/errors.ts'

/** PRODUCER_FENCED as clients know it that are older than the error: `since` brought it. */
export function asKnownIn(version: number, since: number, error: ErrorName): ErrorName {
  return error === 'PRODUCER_FENCED' && version < since ? 'INVALID_PRODUCER_EPOCH' : error
}
