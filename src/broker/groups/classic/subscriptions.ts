import { ConsumerProtocolSubscription } from '../../../protocol/messages/index.ts'
import { decodeVersioned } from '../../../protocol/schema/prefixed.ts'
import type { ClassicGroup } from './classic-group.ts'

/** The protocol type of consumers, whose metadata the coordinator can read. */
export const CONSUMER = 'consumer'

/** What the members read; undefined where they are no consumers, or say it in their own way. */
export function topicsRead(group: ClassicGroup): ReadonlySet<string> | undefined {
  const { protocol, protocolType } = group
  if (protocolType !== CONSUMER || protocol === null) return undefined
  try {
    const subscriptions = group.roster
      .all()
      .map(member => decodeVersioned(ConsumerProtocolSubscription, member.metadata(protocol)))
    return new Set(subscriptions.flatMap(({ topics }) => topics))
  } catch {
    return undefined
  }
}
