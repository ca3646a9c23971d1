import { type Command, Option } from 'commander'
import { systemClock } from '../../base/clock.ts'
import type { GroupDescription, GroupLag, GroupState, GroupType } from '../../index.ts'
import { complain, printTable, told, type Work, withAdmin } from '../admin-command.ts'
import { collect, wholeNumber } from '../arguments.ts'
import { exitCodes, UsageError } from '../exit.ts'
import {
  type PlannedMove,
  planReset,
  type ResetTarget,
  slotsText,
  type TopicScope,
} from '../groups/reset.ts'
import { durationMs, momentMs, signedNumber, topicScopes } from '../groups/times.ts'
import type { Output } from '../output.ts'
import type { CommonFlags } from '../settings.ts'

interface Flags extends CommonFlags {
  readonly state?: readonly string[]
  readonly type?: readonly string[]
  readonly members?: boolean
  readonly ifExists?: boolean
  readonly topic?: readonly TopicScope[]
  readonly toEarliest?: boolean
  readonly toLatest?: boolean
  readonly toOffset?: number
  readonly byDuration?: number
  readonly toDatetime?: number
  readonly shiftBy?: number
  readonly execute?: boolean
}

const examples = `
Examples:
  posthaste groups list --state empty
  posthaste groups describe sales
  posthaste groups describe sales --members
  posthaste groups reset-offsets sales --to-earliest              # what would happen
  posthaste groups reset-offsets sales --to-earliest --execute
  posthaste groups reset-offsets sales --topic orders:0,1 --shift-by -100 --execute
  posthaste groups reset-offsets sales --by-duration 90m --execute
  posthaste groups delete sales`

const states = [
  'Stable',
  'Empty',
  'Dead',
  'PreparingRebalance',
  'CompletingRebalance',
  'Assigning',
  'Reconciling',
] as const satisfies readonly GroupState[]

const types = ['classic', 'consumer', 'share', 'streams'] as const satisfies readonly GroupType[]

export function declare(command: Command): void {
  command.addHelpText('after', examples)
  command
    .command('list')
    .description('the groups of all coordinators')
    .option(
      '--state <state>',
      `only those in this state; may be repeated: ${words(states)}`,
      collect,
    )
    .option('--type <type>', `only those of this type; may be repeated: ${words(types)}`, collect)
    .action(withAdmin(list, knownFilters))
  command
    .command('describe')
    .description('state, offsets and lag of each partition, and who has it')
    .argument('<group...>')
    .option('--members', 'the members and what they are assigned, instead of partitions')
    .action(withAdmin(describe))
  command
    .command('delete')
    .description('delete groups that have no members, with their offsets')
    .argument('<group...>')
    .option('--if-exists', 'let it pass where the group is not there')
    .action(withAdmin(remove))
  declareReset(command.command('reset-offsets'))
}

function declareReset(command: Command): void {
  command
    .description('make a group without members go on elsewhere; only shows it without --execute')
    .argument('<group>')
    .option(
      '--topic <topic[:partition,…]>',
      'what to reset; may be repeated (default: all that the group has offsets for)',
      topicScopes,
    )
    .option('--to-earliest', 'to the first record there is')
    .option('--to-latest', 'to the end: only what comes from now on')
    .addOption(new Option('--to-offset <n>', 'to this offset').argParser(wholeNumber(0)))
    .option('--by-duration <time>', 'to what is as old: 90m, 1d12h, PT1H30M', durationMs)
    .option('--to-datetime <time>', 'to a moment: 2026-11-21T09:30:00, UTC if no zone', momentMs)
    .option('--shift-by <n>', 'so many records on, or back with a minus', signedNumber)
    .option('--execute', 'do it')
    .action(withAdmin(reset, flags => void targetOf(flags)))
}

const words = (names: readonly string[]) => names.join(', ')

function known<T extends string>(names: readonly T[], what: string, given: readonly string[]): T[] {
  return given.map(text => {
    const found = names.find(name => name.toLowerCase() === text.toLowerCase())
    if (found) return found
    throw new UsageError(`there is no ${what} ${text} of groups`, `it may be ${words(names)}`)
  })
}

function knownFilters({ state = [], type = [] }: Flags): void {
  known(states, 'state', state)
  known(types, 'type', type)
}

async function list({ admin, flags, out }: Work<Flags>): Promise<number> {
  const { groups, failures } = await admin.groups.list({
    states: known(states, 'state', flags.state ?? []),
    types: known(types, 'type', flags.type ?? []),
  })
  if (flags.json) for (const group of groups) out.json(group)
  else if (flags.verbose) {
    const rows = groups.map(({ name, type, state, protocolType }) => {
      return [name, type ?? '?', state ?? '?', protocolType || '-']
    })
    const headings = ['group', 'type', 'state', 'protocol']
    printTable(
      out,
      headings.map(heading => ({ heading })),
      rows,
    )
  } else for (const { name } of groups) out.line(name)
  for (const { error } of failures) complain(error)
  return failures.length > 0 ? exitCodes.failed : exitCodes.done
}

async function describe({ admin, names, flags, out }: Work<Flags>): Promise<number> {
  let code: number = exitCodes.done
  for (const result of await admin.groups.describe(names)) {
    if (result.is === 'failed') {
      complain(result.error)
      code = exitCodes.failed
      continue
    }
    const lag = await admin.groups.lag(result.name)
    if (flags.json) out.json({ ...lag.group, partitions: lag.partitions, lag: lag.total })
    else {
      out.line(headline(lag))
      if (flags.members) printMembers(out, lag.group)
      else printPartitions(out, lag)
    }
  }
  return code
}

function headline({ group, total }: GroupLag): string {
  const { name, type, state, members, assignor, coordinator } = group
  const count = members.length === 1 ? '1 member' : `${members.length} members`
  const how = assignor ? `${type}, ${assignor}` : type
  return `${name}  ${state}, ${count}, lag ${total} (${how}; coordinator ${coordinator})`
}

function printPartitions(out: Output, { group, partitions }: GroupLag): void {
  if (partitions.length === 0) return out.line('  no offsets, and nothing assigned')
  const clients = new Map(group.members.map(each => [each.memberId, each.clientId]))
  const rows = partitions.map(({ topic, partition, committed, end, lag, memberId }) => [
    `  ${topic}`,
    partition,
    committed ?? '-',
    end ?? '-',
    lag ?? '-',
    memberId === undefined ? '-' : (clients.get(memberId) ?? memberId),
  ])
  const columns = [
    { heading: '  topic' },
    { heading: 'partition', numbers: true },
    { heading: 'committed', numbers: true },
    { heading: 'end', numbers: true },
    { heading: 'lag', numbers: true },
    { heading: 'member' },
  ]
  printTable(out, columns, rows)
}

function printMembers(out: Output, { members }: GroupDescription): void {
  if (members.length === 0) return out.line('  no members')
  const rows = members.map(member => [
    `  ${member.memberId}`,
    member.instanceId ?? '-',
    member.clientId,
    member.host,
    slotsText(member.assignment) || '-',
  ])
  const headings = ['  member', 'instance', 'client', 'host', 'partitions']
  printTable(
    out,
    headings.map(heading => ({ heading })),
    rows,
  )
}

async function remove({ admin, names, flags, out }: Work<Flags>): Promise<number> {
  const pardoned = flags.ifExists ? 'GROUP_ID_NOT_FOUND' : undefined
  return told(await admin.groups.delete(names), { flags, out, done: 'deleted', pardoned })
}

/** The one target that was given. */
function targetOf(flags: Flags): ResetTarget {
  const { toOffset, byDuration, toDatetime, shiftBy } = flags
  const now = systemClock.epoch()
  const given: (ResetTarget | false)[] = [
    flags.toEarliest === true && { to: 'earliest' },
    flags.toLatest === true && { to: 'latest' },
    toOffset !== undefined && { to: 'offset', offset: toOffset },
    byDuration !== undefined && { to: 'time', timestamp: Math.max(0, now - byDuration) },
    toDatetime !== undefined && { to: 'time', timestamp: toDatetime },
    shiftBy !== undefined && { to: 'shift', by: shiftBy },
  ]
  const [target, another] = given.filter(each => each !== false)
  if (target && !another) return target
  throw new UsageError(
    target ? 'a group can only go on at one place' : 'it is not said where the group shall go on',
    'give one of --to-earliest, --to-latest, --to-offset, --by-duration, --to-datetime, --shift-by',
  )
}

async function reset({ admin, names, flags, out }: Work<Flags>): Promise<number> {
  const group = names[0]!
  const plan = await planReset(admin, group, flags.topic ?? [], targetOf(flags))
  const moves = plan.flatMap(each => (each.is === 'done' ? [each.value] : []))
  const outcomes =
    flags.execute && moves.length > 0
      ? await admin.groups.alterOffsets(
          group,
          moves.map(({ topic, partition, offset }) => ({ topic, partition, offset })),
        )
      : []
  const failures = [...plan, ...outcomes].flatMap(each => (each.is === 'failed' ? each.error : []))
  if (flags.json) tellJson(out, plan, flags.execute === true, outcomes)
  else printMoves(out, plan)
  for (const error of failures) complain(error)
  if (!flags.execute && !flags.quiet) {
    process.stderr.write('nothing was changed; --execute does it\n')
  }
  return failures.length > 0 ? exitCodes.failed : exitCodes.done
}

function tellJson(
  out: Output,
  plan: readonly PlannedMove[],
  execute: boolean,
  outcomes: readonly { topic: string; partition: number; is: 'done' | 'failed' }[],
): void {
  for (const { topic, partition, ...each } of plan) {
    const outcome = outcomes.find(one => one.topic === topic && one.partition === partition)
    if (each.is === 'failed') {
      out.json({ topic, partition, outcome: 'failed', code: each.error.code })
      continue
    }
    const { from, offset, isClamped } = each.value
    const done = outcome?.is === 'done' ? 'reset' : 'failed'
    const word = execute ? done : 'planned'
    out.json({ topic, partition, from: from ?? null, offset, clamped: isClamped, outcome: word })
  }
}

function printMoves(out: Output, plan: readonly PlannedMove[]): void {
  const moves = plan.flatMap(each => (each.is === 'done' ? [each.value] : []))
  const rows = moves.map(({ topic, partition, from, offset, isClamped }) => [
    topic,
    partition,
    from ?? '-',
    offset,
    isClamped ? 'the nearer end of the log' : '',
  ])
  const columns = [
    { heading: 'topic' },
    { heading: 'partition', numbers: true },
    { heading: 'from', numbers: true },
    { heading: 'to', numbers: true },
    { heading: '' },
  ]
  if (rows.length > 0) printTable(out, columns, rows)
}
