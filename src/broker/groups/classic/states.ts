import type { Moves } from '../../../base/machine.ts'

/** Where a group of the classic protocol stands, with Kafka's names. */
export type ClassicState =
  /** No members; offsets may be there. */
  | { readonly is: 'Empty'; readonly sinceMs: number }
  /** Members are to join again. */
  | { readonly is: 'PreparingRebalance' }
  /** All have joined; the leader's assignment is awaited. */
  | { readonly is: 'CompletingRebalance'; readonly protocol: string }
  /** Every member has, or can fetch, its assignment. */
  | { readonly is: 'Stable'; readonly protocol: string }
  /** Deleted, or turned into a group of the other protocol. */
  | { readonly is: 'Dead' }

export const classicMoves = {
  Empty: ['PreparingRebalance', 'Dead'],
  PreparingRebalance: ['CompletingRebalance', 'Empty', 'Dead'],
  CompletingRebalance: ['Stable', 'PreparingRebalance', 'Dead'],
  Stable: ['PreparingRebalance', 'Dead'],
  Dead: [],
} as const satisfies Moves<ClassicState>
