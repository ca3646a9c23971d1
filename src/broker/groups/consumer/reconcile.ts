import type { Moves } from '../../../base/machine.ts'
import { both, type PartitionSet, without } from './partition-set.ts'

/** How far a member has come on its way to what it is to have (KIP-848). */
export type Reconciliation =
  | { readonly is: 'Stable' }
  /** It must give partitions up before anything else. */
  | { readonly is: 'UnrevokedPartitions'; readonly revoking: PartitionSet }
  /** It waits for partitions that others have not given up yet. */
  | { readonly is: 'UnreleasedPartitions' }
  /** A static member that has left for a while, and may come back under another id. */
  | { readonly is: 'Away' }

const anywhere = ['Stable', 'UnrevokedPartitions', 'UnreleasedPartitions', 'Away'] as const

export const reconciliationMoves = {
  Stable: anywhere,
  UnrevokedPartitions: anywhere,
  UnreleasedPartitions: anywhere,
  Away: [],
} as const satisfies Moves<Reconciliation>

/** Where a member stands. */
export interface Position {
  readonly state: Reconciliation
  readonly epoch: number
  readonly assigned: PartitionSet
}

/** What it is to have, and since which epoch of the group. */
export interface Target {
  readonly epoch: number
  readonly partitions: PartitionSet
}

/**
 * The member's next step towards its target; undefined if there is none to take. `owned` is what it
 * says to own now, undefined where it says nothing; `isHeld` tells whether another member still has
 * a partition, or is still giving it up.
 *
 * A partition is thus never with two members: its old owner gives it up, says so, and only then is
 * it assigned to the new one.
 */
export function reconcile(
  { state, epoch, assigned }: Position,
  target: Target,
  owned: PartitionSet | undefined,
  isHeld: (place: string) => boolean,
): Position | undefined {
  switch (state.is) {
    case 'Stable':
      return epoch === target.epoch ? undefined : next(epoch, assigned, target, owned, isHeld)
    case 'UnrevokedPartitions':
      if (stillOwns(owned, state.revoking)) return undefined
      return next(epoch + 1, assigned, target, owned, isHeld)
    case 'UnreleasedPartitions':
      return next(epoch, assigned, target, owned, isHeld)
    case 'Away':
      return undefined
  }
}

function next(
  epoch: number,
  assigned: PartitionSet,
  target: Target,
  owned: PartitionSet | undefined,
  isHeld: (place: string) => boolean,
): Position {
  const kept = both(assigned, target.partitions)
  const revoking = without(assigned, kept)
  if (revoking.size > 0 && stillOwns(owned, revoking)) {
    return { state: { is: 'UnrevokedPartitions', revoking }, epoch, assigned: kept }
  }
  const missing = [...without(target.partitions, kept)]
  const free = missing.filter(place => !isHeld(place))
  const isWaiting = free.length < missing.length
  return {
    state: { is: isWaiting ? 'UnreleasedPartitions' : 'Stable' },
    epoch: target.epoch,
    assigned: new Set([...kept, ...free]),
  }
}

/** A member that does not say what it owns may own everything. */
function stillOwns(owned: PartitionSet | undefined, places: PartitionSet): boolean {
  return owned === undefined || both(owned, places).size > 0
}
