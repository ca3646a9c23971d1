import { type Command, InvalidArgumentError } from 'commander'
import type { ConfigEntry, ItemResult, TopicDescription } from '../../index.ts'
import { complain, printTable, told, type Work, withAdmin } from '../admin-command.ts'
import { collect, type NamedValue, namedValues, wholeNumber } from '../arguments.ts'
import { unknownTopic } from '../contact.ts'
import { exitCodes, UsageError } from '../exit.ts'
import type { Output } from '../output.ts'
import type { CommonFlags } from '../settings.ts'

interface Flags extends CommonFlags {
  readonly internal?: boolean
  readonly partitions?: number
  readonly replicationFactor?: number
  readonly assignment?: readonly (readonly number[])[]
  readonly config?: readonly NamedValue[]
  readonly deleteConfig?: readonly string[]
  readonly ifNotExists?: boolean
  readonly ifExists?: boolean
  readonly underReplicated?: boolean
  readonly validateOnly?: boolean
}

const examples = `
Examples:
  posthaste topics list
  posthaste topics create orders --partitions 6 --replication-factor 3 --config retention.ms=86400000
  posthaste topics create pinned --assignment 1,2 --assignment 2,3
  posthaste topics describe orders
  posthaste topics describe --under-replicated
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
    .description('make topics, and wait until every broker knows them')
    .argument('<name...>')
    .option('--partitions <n>', 'how many slots (default: as the cluster is set)', partitions)
    .option('--replication-factor <n>', 'copies of each partition', wholeNumber(1, 32_767))
    .option(
      '--assignment <broker,…>',
      'the brokers of one partition, the preferred leader first; once for each partition',
      brokerLists,
    )
    .option('--config <name=value>', 'a setting of the topic; may be repeated', namedValues)
    .option('--if-not-exists', 'let it pass where the topic is there already')
    .option('--validate-only', 'only say whether it would be made')
    .action(withAdmin(create, oneWayToPlace))
  command
    .command('describe')
    .description('partitions, leaders, replicas and settings')
    .argument('[name...]', 'all topics, where none is named')
    .option('--internal', "Kafka's own topics too")
    .option('--under-replicated', 'only partitions with replicas that are not in sync')
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

function brokerLists(text: string, before: readonly number[][] = []): number[][] {
  const ids = text.split(',').map(each => each.trim())
  if (ids.every(id => /^\d+$/.test(id))) return [...before, ids.map(Number)]
  throw new InvalidArgumentError('It must be ids of brokers, as in 1,2,3.')
}

async function list({ admin, flags, out }: Work<Flags>): Promise<number> {
  for (const topic of await admin.topics.list({ internal: flags.internal })) {
    if (flags.json) out.json(overview(topic))
    else if (flags.verbose) out.line(headline(topic))
    else out.line(topic.name)
  }
  return exitCodes.done
}

function oneWayToPlace({ assignment, partitions, replicationFactor }: Flags): void {
  if (!assignment || (partitions === undefined && replicationFactor === undefined)) return
  throw new UsageError(
    '--assignment says how many partitions and replicas there are',
    'leave out --partitions and --replication-factor',
  )
}

async function create({ admin, names, flags, out }: Work<Flags>): Promise<number> {
  const { partitions, replicationFactor, assignment: assignments, validateOnly } = flags
  const config = Object.fromEntries((flags.config ?? []).map(({ key, value }) => [key, value]))
  const topics = names.map(name => {
    return { name, partitions, replicationFactor, assignments, config }
  })
  const results = await admin.topics.create(topics, { validateOnly })
  const pardoned = flags.ifNotExists ? 'TOPIC_ALREADY_EXISTS' : undefined
  return told(results, { flags, out, done: validateOnly ? 'valid' : 'created', pardoned })
}

async function describe({ admin, names, flags, out }: Work<Flags>): Promise<number> {
  const { internal } = flags
  const wanted =
    names.length > 0 ? names : (await admin.topics.list({ internal })).map(({ name }) => name)
  if (wanted.length === 0) return exitCodes.done
  const topics = await admin.topics.describe(wanted)
  const known = topics.filter(topic => topic.is === 'done')
  const resources = known.map(({ name }) => ({ type: 'topic', name }) as const)
  const configs = resources.length > 0 ? await admin.configs.describe(resources) : []
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
    const shown = flags.underReplicated ? lacking(topic.value) : topic.value
    if (flags.underReplicated && shown.partitions.length === 0) continue
    if (flags.json) out.json({ ...shown, config: configObject(set) })
    else print(out, topic.value, shown, set)
  }
  return code
}

function lacking(topic: TopicDescription): TopicDescription {
  const partitions = topic.partitions.filter(
    each => each.leader < 0 || each.inSyncReplicas.length < each.replicas.length,
  )
  return { ...topic, partitions }
}

function somethingToAlter({ partitions, config, deleteConfig }: Flags): void {
  if (partitions !== undefined || config || deleteConfig) return
  throw new UsageError('nothing to alter', 'give --partitions, --config or --delete-config')
}

async function alter({ admin, names, flags, out }: Work<Flags>): Promise<number> {
  const name = names[0]!
  const changes = [
    ...(flags.config ?? []).map(({ key, value }) => [key, value] as const),
    ...(flags.deleteConfig ?? []).map(key => [key, null] as const),
  ]
  let result: ItemResult<void> | undefined
  if (changes.length > 0) {
    const [altered] = await admin.configs.alter([
      { type: 'topic', name, set: Object.fromEntries(changes) },
    ])
    result = altered
  }
  if (flags.partitions !== undefined && result?.is !== 'failed') {
    result = (await admin.topics.createPartitions([{ name, count: flags.partitions }]))[0]
  }
  return told(result ? [result] : [], { flags, out, done: 'altered' })
}

async function remove({ admin, names, flags, out }: Work<Flags>): Promise<number> {
  const results = await admin.topics.delete(names)
  const pardoned = flags.ifExists ? 'UNKNOWN_TOPIC_OR_PARTITION' : undefined
  return told(results, { flags, out, done: 'deleted', pardoned })
}

function overview(topic: TopicDescription): object {
  const { name, id, internal } = topic
  const replicationFactor = topic.partitions[0]?.replicas.length ?? 0
  return { name, id, internal, partitions: topic.partitions.length, replicationFactor }
}

function headline(topic: TopicDescription): string {
  const count = topic.partitions.length
  const copies = topic.partitions[0]?.replicas.length ?? 0
  const slots = count === 1 ? 'partition' : 'partitions'
  return `${topic.name}  ${count} ${slots}, replication factor ${copies}`
}

function configObject(entries: readonly ConfigEntry[]): Record<string, string | null> {
  return Object.fromEntries(entries.map(({ name, value }) => [name, value]))
}

const columns = [
  { heading: '  partition', numbers: true },
  { heading: 'leader', numbers: true },
  { heading: 'replicas' },
  { heading: 'in sync' },
]

/** The whole topic's headline above those of its partitions that are shown. */
function print(
  out: Output,
  whole: TopicDescription,
  shown: TopicDescription,
  set: readonly ConfigEntry[],
): void {
  out.line(headline(whole))
  for (const { name, value } of set) out.line(`  ${name}=${value ?? '(hidden)'}`)
  const rows = shown.partitions.map(each => [
    each.partition,
    each.leader < 0 ? 'none' : each.leader,
    each.replicas.join(','),
    each.inSyncReplicas.join(','),
  ])
  printTable(out, columns, rows)
}
