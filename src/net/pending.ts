import type { Api } from '../protocol/index.ts'

/** A request that waits for its answer. */
export interface Pending {
  readonly api: Api
  readonly version: number
  readonly correlationId: number
  readonly sentAt: number
  readonly deadline: number
  resolve(response: object): void
  reject(error: Error): void
}

/** How long the broker asks for silence, in milliseconds (KIP-219). */
export function throttleOf(response: object): number {
  return 'throttleTimeMs' in response && typeof response.throttleTimeMs === 'number'
    ? response.throttleTimeMs
    : 0
}
