import type { Command } from 'commander'
import {
  type Admin,
  adminOptions,
  type ConfigEntry,
  consumerOptions,
  type ItemResult,
  producerOptions,
  type TopicDescription,
} from '../../index.ts'
import { collect, type NamedValue, namedValues, wholeNumber } from '../arguments.ts'
import { contact, unknownTopic } from '../contact.ts'
import { exitCodes, UsageError } from '../exit.ts'
import { Output } from '../output.ts'
import { type CommonFlags, settingsFor } from '../settings.ts'
import { table } from '../table.ts'

interface Flags extends CommonFlags {
  readonly internal?: boolean
  readonly partitions?: number
  readonly replicationFactor?: number
  readonly config?: readonly NamedValue[]
  readonly deleteConfig?: readonly string[]
  readonly ifNotExists?: boolean
  readonly ifExists?: boolean
}

const examples = `
Examples:
  posthaste topics list
  posthaste topics create orders --partitions 6 --replication-factor 3 --config retention.ms=86400000
  posthaste topics describe orders
  posthaste topics alter orders --partitions 12 --config cleanup.policy=compact
  posthaste topics delete orders`

export function declare(command: Command): void {
  command.addHelpText('after', examples)
  command
    .command('list')
    .description('the names of all topics')
    .option('--internal', "Kafka's own topics too")
    .action(withAdmin(list))
  command
    .command('create')
    .description('make topics')
    .argument('<name...>')
    .option('--partitions <n>', 'how many slots (default: as the cluster is set)', partitions)
    .option('--replication-factor <n>', 'copies of each partition', wholeNumber(1, 32_767))
    .option('--config <name=value>', 'a setting of the topic; may be repeated', namedValues)
    .option('--if-not-exists', 'let it pass where the topic is there already')
    .action(withAdmin(create))
  command
    .command('describe')
    .description('partitions, leaders, replicas and settings')
    .argument('[name...]', 'all topics, where none is named')
    .option('--internal', "Kafka's own topics too")
    .action(withAdmin(describe))
  command
    .command('alter')
    .description('more partitions, other settings')
    .argument('<name>')
    .option('--partitions <n>', 'how many there shall be; keys may move to others', partitions)
    .option('--config <name=value>', 'set this; may be repeated', namedValues)
    .option('--delete-config <name>', 'back to the default; may be repeated', collect)
    .action(withAdmin(alter, somethingToAlter))
  command
    .command('delete')
    .description('delete topics and all records in them')
    .argument('<name...>')
    .option('--if-exists', 'let it pass where the topic is not there')
    .action(withAdmin(remove))
}

const partitions = wholeNumber(1, 1_000_000)

/** What a subcommand works with. */
interface Work {
  readonly admin: Admin
  readonly names: readonly string[]
  readonly flags: Flags
  readonly out: Output
}

/** Connects, runs the subcommand, and makes its answer the exit code. */
function withAdmin(run: (work: Work) => Promise<number>, check?: (flags: Flags) => void) {
  return async function action(this: Command): Promise<void> {
    const flags = this.optsWithGlobals<Flags>()
    check?.(flags)
    const settings = settingsFor(
      adminOptions,
      flags,
      {},
      { ...producerOptions, ...consumerOptions },
    )
    const names = this.args
    const out = new Output(process.stdout)
    using admin = await contact(settings)
    process.exitCode = await run({ admin, names, flags, out })
    await out.end()
  }
}

async function list({ admin, flags, out }: Work): Promise<number> {
  for (const topic of await admin.listTopics({ internal: flags.internal ?? false })) {
    if (flags.json) out.json(overview(topic))
    else if (flags.verbose) out.line(headline(topic))
    else out.line(topic.name)
  }
  return exitCodes.done
}

async function create({ admin, names, flags, out }: Work): Promise<number> {
  const { partitions, replicationFactor } = flags
  const config = Object.fromEntries((flags.config ?? []).map(({ key, value }) => [key, value]))
  const topics = names.map(name => ({ name, partitions, replicationFactor, config }))
  const results = await admin.createTopics(topics)
  const pardoned = flags.ifNotExists ? 'TOPIC_ALREADY_EXISTS' : undefined
  return told(results, { flags, out, done: 'created', pardoned })
}

async function describe({ admin, names, flags, out }: Work): Promise<number> {
  const wanted =
    names.length > 0
      ? names
      : (await admin.listTopics({ internal: flags.internal ?? false })).map(({ name }) => name)
  if (wanted.length === 0) return exitCodes.done
  const topics = await admin.describeTopics(wanted)
  const known = topics.filter(topic => topic.is === 'done').map(topic => topic.name)
  const configs = known.length > 0 ? await admin.describeTopicConfigs(known) : []
  let code: number = exitCodes.done
  for (const topic of topics) {
    if (topic.is === 'failed') {
      const missing = topic.error.code === 'UNKNOWN_TOPIC_OR_PARTITION'
      complain(missing ? await unknownTopic(admin, topic.name) : topic.error)
      code = exitCodes.failed
      continue
    }
    const config = configs.find(each => each.name === topic.name)
    const set = config?.is === 'done' ? config.value.filter(entry => entry.isSet) : []
    if (flags.json) out.json({ ...topic.value, config: configObject(set) })
    else out.text(`${descriptionLines(topic.value, set).join('\n')}\n`)
  }
  return code
}

function somethingToAlter({ partitions, config, deleteConfig }: Flags): void {
  if (partitions !== undefined || config || deleteConfig) return
  throw new UsageError('nothing to alter', 'give --partitions, --config or --delete-config')
}

async function alter({ admin, names, flags, out }: Work): Promise<number> {
  const name = names[0]!
  const changes = [
    ...(flags.config ?? []).map(({ key, value }) => [key, value] as const),
    ...(flags.deleteConfig ?? []).map(key => [key, null] as const),
  ]
  let result: ItemResult<void> | undefined
  if (changes.length > 0) result = await admin.alterTopicConfigs(name, Object.fromEntries(changes))
  if (flags.partitions !== undefined && result?.is !== 'failed') {
    result = (await admin.createPartitions([{ name, count: flags.partitions }]))[0]
  }
  return told(result ? [result] : [], { flags, out, done: 'altered' })
}

async function remove({ admin, names, flags, out }: Work): Promise<number> {
  const results = await admin.deleteTopics(names)
  const pardoned = flags.ifExists ? 'UNKNOWN_TOPIC_OR_PARTITION' : undefined
  return told(results, { flags, out, done: 'deleted', pardoned })
}

interface Telling {
  readonly flags: Flags
  readonly out: Output
  readonly done: string
  /** An error that is as good as success. */
  readonly pardoned?: string | undefined
}

/** Says what became of each topic: successes on standard output, failures on standard error. */
function told(
  results: readonly ItemResult<void>[],
  { flags, out, done, pardoned }: Telling,
): number {
  let code: number = exitCodes.done
  for (const result of results) {
    const { name } = result
    const error = result.is === 'failed' ? result.error : undefined
    const isFailure = error !== undefined && error.code !== pardoned
    const outcome = error === undefined ? done : isFailure ? 'failed' : 'unchanged'
    if (isFailure) {
      complain(error)
      code = exitCodes.failed
    }
    if (flags.json) out.json({ name, outcome, ...(isFailure && { code: error.code }) })
    else if (!isFailure && !flags.quiet) out.line(`${outcome} ${name}`)
  }
  return code
}

function complain(error: Error): void {
  process.stderr.write(`posthaste: ${error.message}\n`)
}

function overview(topic: TopicDescription): object {
  const { name, id, internal } = topic
  const replicationFactor = topic.partitions[0]?.replicas.length ?? 0
  return { name, id, internal, partitions: topic.partitions.length, replicationFactor }
}

function headline(topic: TopicDescription): string {
  const count = topic.partitions.length
  const copies = topic.partitions[0]?.replicas.length ?? 0
  return `${topic.name}  ${count} ${count === 1 ? 'partition' : 'partitions'}, replication factor ${copies}`
}

function configObject(entries: readonly ConfigEntry[]): Record<string, string | null> {
  return Object.fromEntries(entries.map(({ name, value }) => [name, value]))
}

function descriptionLines(topic: TopicDescription, set: readonly ConfigEntry[]): string[] {
  const columns = [
    { heading: '  partition', numbers: true },
    { heading: 'leader', numbers: true },
    { heading: 'replicas' },
    { heading: 'in sync' },
  ]
  const rows = topic.partitions.map(each => [
    each.partition,
    each.leader < 0 ? 'none' : each.leader,
    each.replicas.join(','),
    each.inSyncReplicas.join(','),
  ])
  return [
    headline(topic),
    ...set.map(({ name, value }) => `  ${name}=${value ?? '(hidden)'}`),
    ...table(columns, rows),
  ]
}
