/**
 * ListPartitionReassignments, version 0.
 *
 * - Always an empty list: copies are not kept, so that no move takes any time.
 */
import { ListPartitionReassignments } from '../../protocol/messages/index.ts'
import { on } from '../handler.ts'

export const listPartitionReassignments = on(ListPartitionReassignments, [0, 0], async () => ({
  errorCode: 0,
  errorMessage: null,
  topics: [],
}))
