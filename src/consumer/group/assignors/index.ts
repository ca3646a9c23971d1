import type { Assignor } from './assignor.ts'
import { range } from './range.ts'
import { roundRobin } from './round-robin.ts'
import { cooperativeSticky, sticky } from './sticky.ts'

export type { Assignments, Assignor, AssignorInput, GroupMember } from './assignor.ts'

export const assignors: readonly Assignor[] = [range, roundRobin, sticky, cooperativeSticky]

export const assignorNames = assignors.map(({ name }) => name)
