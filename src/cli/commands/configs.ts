import type { Command } from 'commander'
import {
  type ConfigChange,
  type ConfigEntry,
  type ConfigResource,
  type ConfigResourceType,
  configResourceTypes,
} from '../../index.ts'
import { complain, printTable, told, type Work, withAdmin } from '../admin-command.ts'
import { collect, type NamedValue, namedValues } from '../arguments.ts'
import { exitCodes, UsageError } from '../exit.ts'
import type { CommonFlags } from '../settings.ts'

interface Flags extends CommonFlags {
  readonly all?: boolean
  readonly set?: readonly NamedValue[]
  readonly append?: readonly NamedValue[]
  readonly subtract?: readonly NamedValue[]
  readonly delete?: readonly string[]
  readonly validateOnly?: boolean
}

const examples = `
A type is topic, broker, broker-logger, group or client-metrics; the name of a broker is its id,
or '' for what is set for all brokers together.

Examples:
  posthaste configs describe topic orders
  posthaste configs describe broker 1 --all
  posthaste configs alter topic orders --set retention.ms=86400000 --delete cleanup.policy
  posthaste configs alter group sales --set consumer.session.timeout.ms=50000
  posthaste configs alter broker '' --append log.cleanup.policy=compact
  posthaste configs list group`

export function declare(command: Command): void {
  command.addHelpText('after', examples)
  command
    .command('list')
    .description('what has settings of its own, or may have')
    .argument('[type...]', 'all types, where none is named')
    .action(withAdmin(list, (_flags, types) => void types.map(typeOf)))
  command
    .command('describe')
    .description('the settings of topics, brokers, groups …')
    .argument('<type>')
    .argument('<name...>')
    .option('--all', 'the defaults too, not only what is set there')
    .action(withAdmin(describe, (_flags, [type]) => void typeOf(type)))
  command
    .command('alter')
    .description('change some settings; the others stay')
    .argument('<type>')
    .argument('<name...>')
    .option('--set <name=value>', 'set this; may be repeated', namedValues)
    .option('--delete <name>', 'back to the default; may be repeated', collect)
    .option('--append <name=item>', 'one item more in a list; may be repeated', namedValues)
    .option('--subtract <name=item>', 'one item less in a list; may be repeated', namedValues)
    .option('--validate-only', 'only say whether it would be done')
    .action(withAdmin(alter, mayAlter))
}

/** A type by its name, in the singular or as Kafka's tools have it, in the plural. */
function typeOf(text = ''): ConfigResourceType {
  const found = configResourceTypes.find(type => type === text || `${type}s` === text)
  if (found) return found
  throw new UsageError(
    `nothing of type ${JSON.stringify(text)} has settings`,
    `it may be ${configResourceTypes.join(', ')}`,
  )
}

function resourcesOf([type, ...names]: readonly string[]): ConfigResource[] {
  return names.map(name => ({ type: typeOf(type), name }))
}

async function list({ admin, names, flags, out }: Work<Flags>): Promise<number> {
  const resources = await admin.configs.list(names.map(typeOf))
  resources.sort((a, b) => (`${a.type} ${a.name}` < `${b.type} ${b.name}` ? -1 : 1))
  for (const { type, name } of resources) {
    if (flags.json) out.json({ type, name })
    else out.line(`${type} ${name}`)
  }
  return exitCodes.done
}

async function describe({ admin, names, flags, out }: Work<Flags>): Promise<number> {
  let code: number = exitCodes.done
  const documentation = flags.verbose === true
  for (const result of await admin.configs.describe(resourcesOf(names), { documentation })) {
    const { type, name } = result
    if (result.is === 'failed') {
      complain(result.error)
      code = exitCodes.failed
      continue
    }
    const entries = result.value
      .filter(entry => flags.all || entry.isSet)
      .sort((a, b) => (a.name < b.name ? -1 : 1))
    if (flags.json) out.json({ type, name, configs: entries })
    else {
      const what = name === '' ? `all ${type}s` : `${type} ${name}`
      out.line(entries.length === 0 ? `${what}: nothing is set there` : what)
      if (flags.all) printTable(out, columns, entries.map(rowOf))
      else for (const entry of entries) out.line(`  ${entry.name}=${shown(entry)}`)
    }
  }
  return code
}

const columns = [{ heading: '  setting' }, { heading: 'value' }, { heading: 'from' }]

function rowOf(entry: ConfigEntry): string[] {
  const source = entry.readOnly ? `${entry.source}, read only` : entry.source
  return [`  ${entry.name}`, shown(entry), source]
}

function shown({ value, sensitive }: ConfigEntry): string {
  return sensitive ? '(hidden)' : (value ?? '(none)')
}

function mayAlter({ set, delete: deleted, append, subtract }: Flags, [type]: readonly string[]) {
  typeOf(type)
  if (set || deleted || append || subtract) return
  throw new UsageError('nothing to alter', 'give --set, --delete, --append or --subtract')
}

async function alter({ admin, names, flags, out }: Work<Flags>): Promise<number> {
  const changes: [string, ConfigChange][] = [
    ...(flags.set ?? []).map(({ key, value }): [string, ConfigChange] => [key, value]),
    ...(flags.delete ?? []).map((key): [string, ConfigChange] => [key, null]),
    ...(flags.append ?? []).map(({ key, value }): [string, ConfigChange] => {
      return [key, { append: value }]
    }),
    ...(flags.subtract ?? []).map(({ key, value }): [string, ConfigChange] => {
      return [key, { subtract: value }]
    }),
  ]
  const set = Object.fromEntries(changes)
  const { validateOnly } = flags
  const wanted = resourcesOf(names).map(resource => ({ ...resource, set }))
  const results = await admin.configs.alter(wanted, { validateOnly })
  return told(results, { flags, out, done: validateOnly ? 'valid' : 'altered' })
}
