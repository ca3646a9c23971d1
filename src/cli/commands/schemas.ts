import { type Command, Option } from 'commander'
import { KafkaError } from '../../errors.ts'
import { InvalidSchemaError } from '../../registry/compatibility/index.ts'
import type { CompatibilityLevel, SchemaRegistryClient } from '../../registry/index.ts'
import { collect, wholeNumber } from '../arguments.ts'
import { exitCodes, UsageError } from '../exit.ts'
import { Output } from '../output.ts'
import {
  checkAtHand,
  checkAtRegistry,
  compatibilityLevels,
  verdictLines,
} from '../schemas/check.ts'
import { type RegistryFlags, registryFor, registryHelp } from '../schemas/registry.ts'
import {
  formatOption,
  referenceOption,
  type SchemaFlags,
  schemaFrom,
} from '../schemas/schema-file.ts'
import { table } from '../table.ts'

interface Flags extends RegistryFlags, SchemaFlags {
  readonly subject?: string
  readonly schema?: string
  readonly schemaVersion?: number
  readonly id?: number
  readonly deleted?: boolean
  readonly normalize?: boolean
  readonly against?: readonly string[]
  readonly level?: CompatibilityLevel
  readonly permanent?: boolean
  readonly set?: CompatibilityLevel
  readonly unset?: boolean
}

const examples = `
Examples:
  posthaste schemas list
  posthaste schemas list --subject orders-value
  posthaste schemas get --subject orders-value > order.avsc
  posthaste schemas check --subject orders-value --schema order.avsc
  posthaste schemas check --schema order.avsc --against released.avsc --level FULL
  posthaste schemas register --subject orders-value --schema order.proto \\
    --reference common/money.proto=money:1
  posthaste schemas compat --subject orders-value --set FULL_TRANSITIVE
  posthaste schemas delete --subject orders-value --schema-version 2

The registry's settings are given with -X, as in -X basic.auth.user.info=USER:PASSWORD.
Exit codes: 0 done, compatible; 1 not compatible, or refused; 2 wrong usage, or no schema at all;
3 no registry.`

export function declare(command: Command): void {
  command.addHelpText('after', examples)
  sub(command, 'list', 'the subjects, or the versions of one')
    .option('--subject <name>', 'the versions of this subject')
    .option('--deleted', 'also what was deleted, but not permanently')
    .action(withRegistry(list))
  sub(command, 'get', "a schema's text: of a subject, or by its id")
    .option('--subject <name>', 'of which subject')
    .option('--schema-version <n>', 'which version (default: the latest)', version)
    .option('--id <n>', 'the schema with this id', wholeNumber(0))
    .action(withRegistry(get))
  withFile(sub(command, 'register', 'make a schema the next version of a subject'))
    .requiredOption('--subject <name>', 'under which subject')
    .option('--normalize', 'bring schemas to one spelling before they are compared')
    .action(withRegistry(register))
  const level = new Option('--level <level>', 'by which rule, with --against')
  withFile(sub(command, 'check', 'whether a schema could be the next version; exits 1 if not'))
    .option('--subject <name>', 'the next version of this subject, by its own rule')
    .option(
      '--against <file>',
      'without a registry: against this; repeat it, oldest first',
      collect,
    )
    .addOption(level.choices(compatibilityLevels).default('BACKWARD'))
    .action(action(check))
  sub(command, 'delete', 'delete a version of a subject, or all of it')
    .requiredOption('--subject <name>', 'which subject')
    .option('--schema-version <n>', 'only this version', version)
    .option('--permanent', 'for good, once it is deleted; records can then not be read any more')
    .action(withRegistry(remove))
  sub(command, 'compat', 'show or set the rule that new versions must keep')
    .option('--subject <name>', 'of this subject (default: of the registry)')
    .addOption(new Option('--set <level>', 'the rule from now on').choices(compatibilityLevels))
    .option('--unset', "the registry's rule holds for this subject again")
    .action(withRegistry(compat))
}

const version = wholeNumber(1, 2 ** 31 - 1)

function sub(command: Command, name: string, about: string): Command {
  return command.command(name).description(about).option('--registry <url>', registryHelp)
}

function withFile(command: Command): Command {
  return command
    .requiredOption('--schema <file>', 'the file that has the schema')
    .addOption(formatOption())
    .addOption(referenceOption())
}

/** What a subcommand works with. */
interface Work {
  readonly registry: SchemaRegistryClient
  readonly flags: Flags
  readonly out: Output
}

/** Runs a subcommand, and makes its answer the exit code. */
function action(run: (flags: Flags, out: Output) => Promise<number>) {
  return async function ran(this: Command): Promise<void> {
    const out = new Output(process.stdout)
    process.exitCode = await run(this.optsWithGlobals<Flags>(), out)
    await out.end()
  }
}

function withRegistry(run: (work: Work) => Promise<number>) {
  return action((flags, out) => atRegistry(flags, registry => run({ registry, flags, out })))
}

async function atRegistry(
  flags: Flags,
  run: (registry: SchemaRegistryClient) => Promise<number>,
): Promise<number> {
  using registry = registryFor(flags)
  return await run(registry)
}

async function list({ registry, flags, out }: Work): Promise<number> {
  const query = flags.deleted ? { deleted: true } : {}
  if (flags.subject === undefined) {
    for (const subject of await registry.subjects(query)) {
      if (flags.json) out.json({ subject })
      else out.line(subject)
    }
    return exitCodes.done
  }
  const { subject } = flags
  const versions = await registry.versions(subject, query)
  const schemas = await Promise.all(versions.map(each => registry.version(subject, each, query)))
  if (flags.json) {
    for (const { version, id, schemaType } of schemas)
      out.json({ subject, version, id, schemaType })
    return exitCodes.done
  }
  const columns = [
    { heading: 'version', numbers: true },
    { heading: 'id', numbers: true },
    { heading: 'format' },
  ]
  const rows = schemas.map(each => [each.version, each.id, each.schemaType.toLowerCase()])
  for (const line of table(columns, rows)) out.line(line)
  return exitCodes.done
}

async function get({ registry, flags, out }: Work): Promise<number> {
  const { subject, id, schemaVersion } = flags
  if ((subject === undefined) === (id === undefined)) {
    throw new UsageError('which schema?', 'give --subject (and --schema-version), or --id')
  }
  const schema =
    id !== undefined
      ? await registry.schemaById(id)
      : schemaVersion === undefined
        ? await registry.latest(subject!)
        : await registry.version(subject!, schemaVersion)
  if (flags.json) out.json(schema)
  else out.line(schema.schema.trimEnd())
  return exitCodes.done
}

async function register({ registry, flags, out }: Work): Promise<number> {
  const subject = flags.subject!
  const schema = schemaFrom(flags.schema!, flags)
  const normalize = flags.normalize ? { normalize: true } : {}
  const { version, id } = await registry.register(subject, schema, normalize)
  if (flags.json) out.json({ subject, version, id })
  else if (!flags.quiet) out.line(`${subject} version ${version}, schema id ${id}`)
  return exitCodes.done
}

async function check(flags: Flags, out: Output): Promise<number> {
  const { subject, against } = flags
  if ((subject === undefined) === (against === undefined)) {
    throw new UsageError('check against what?', 'give --subject, or --against FILE')
  }
  const schema = schemaFrom(flags.schema!, flags)
  const tell = (verdict: Parameters<typeof verdictLines>[0]) => {
    if (flags.json) out.json({ schema: flags.schema, ...verdict })
    else if (!verdict.compatible || !flags.quiet) {
      for (const line of verdictLines(verdict)) out.line(line)
    }
    return verdict.compatible ? exitCodes.done : exitCodes.failed
  }
  if (subject !== undefined) {
    return atRegistry(flags, async registry =>
      tell(await checkAtRegistry(registry, subject, schema)),
    )
  }
  if (flags.reference) {
    throw new UsageError('--reference names schemas of a registry, and --against asks none')
  }
  const existing = against!.map(file => schemaFrom(file, flags))
  if (existing.some(each => each.schemaType !== schema.schemaType)) {
    throw new UsageError('schemas of two formats can not be compared', 'is --format right?')
  }
  try {
    return tell(checkAtHand(schema, existing, flags.level!, against!.join(', ')))
  } catch (error) {
    if (error instanceof InvalidSchemaError) throw new UsageError(error.message)
    throw error
  }
}

async function remove({ registry, flags, out }: Work): Promise<number> {
  const { schemaVersion, permanent = false } = flags
  const subject = flags.subject!
  const versions =
    schemaVersion === undefined
      ? await registry.deleteSubject(subject, { permanent })
      : [await registry.deleteVersion(subject, schemaVersion, { permanent })]
  if (flags.json) out.json({ subject, versions, permanent })
  else if (!flags.quiet) out.line(`deleted ${subject} version ${versions.join(', ')}`)
  return exitCodes.done
}

async function compat({ registry, flags, out }: Work): Promise<number> {
  const { subject, set: level, unset } = flags
  if (unset && (level !== undefined || subject === undefined)) {
    throw new UsageError('--unset is for a --subject, and without --set')
  }
  if (level !== undefined) await registry.setConfig({ compatibility: level }, subject)
  if (unset) await registry.deleteConfig(subject!).catch(pardonUnset)
  const { compatibility } = await registry.config(subject)
  if (flags.json) out.json({ ...(subject !== undefined && { subject }), compatibility })
  else if (!flags.quiet || level === undefined) out.line(compatibility ?? 'NONE')
  return exitCodes.done
}

/** A subject that had no rule of its own has none now, too. */
function pardonUnset(error: unknown): void {
  const code = error instanceof KafkaError ? error.code : ''
  if (code !== 'COMPATIBILITY_NOT_CONFIGURED' && code !== 'SUBJECT_NOT_FOUND') throw error
}
