import type { KeptClassicGroup } from '../classic/kept.ts'
import type { KeptFacts, KeptPosition } from '../consumer/kept.ts'
import type { PartitionSet } from '../consumer/partition-set.ts'
import type { OffsetPlace } from '../offsets/offset-store.ts'
import type { PartitionOffset } from '../offsets/offset-table.ts'

/** What a record of the offsets' log says. */
export type Entry =
  | { readonly is: 'offset'; readonly groupId: string; readonly offset: PartitionOffset }
  | { readonly is: 'no offset'; readonly groupId: string; readonly place: OffsetPlace }
  | { readonly is: 'group'; readonly groupId: string; readonly group: KeptClassicGroup }
  | { readonly is: 'no group'; readonly groupId: string }
  | ConsumerEntry

/**
 * A consumer group's (KIP-848) records: one for each of its parts, so that a step of one member of
 * thousands writes that member alone. Undefined takes back what was said before.
 */
export type ConsumerEntry =
  | {
      readonly is: 'consumer group'
      readonly groupId: string
      /** `topicsHash` stands for the topics, and their sizes, that the epoch is about. */
      readonly state: { readonly epoch: number; readonly topicsHash: bigint } | undefined
    }
  | {
      readonly is: 'member'
      readonly groupId: string
      readonly memberId: string
      readonly facts: KeptFacts | undefined
    }
  | { readonly is: 'target epoch'; readonly groupId: string; readonly epoch: number | undefined }
  | {
      readonly is: 'target'
      readonly groupId: string
      readonly memberId: string
      readonly partitions: PartitionSet | undefined
    }
  | {
      readonly is: 'position'
      readonly groupId: string
      readonly memberId: string
      readonly position: KeptPosition | undefined
    }
