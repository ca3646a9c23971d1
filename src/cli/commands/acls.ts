import { type Command, Option } from 'commander'
import {
  type Acl,
  type AclFilter,
  type AclOperation,
  type AclResourceType,
  aclOperations,
  type NewAcl,
} from '../../index.ts'
import { complain, printTable, type Work, withAdmin } from '../admin-command.ts'
import { collect } from '../arguments.ts'
import { exitCodes, UsageError } from '../exit.ts'
import type { Output } from '../output.ts'
import type { CommonFlags } from '../settings.ts'

interface Flags extends CommonFlags {
  readonly topic?: readonly string[]
  readonly group?: readonly string[]
  readonly transactionalId?: readonly string[]
  readonly delegationToken?: readonly string[]
  readonly user?: readonly string[]
  readonly cluster?: boolean
  readonly prefixed?: boolean
  readonly matching?: boolean
  readonly allow?: readonly string[]
  readonly deny?: readonly string[]
  readonly principal?: string
  readonly operation?: readonly string[]
  readonly host?: readonly string[]
  readonly all?: boolean
}

const CLUSTER_NAME = 'kafka-cluster'

const examples = `
Operations: ${aclOperations.join(', ')}.

Examples:
  posthaste acls create --allow User:alice --operation READ --topic orders --group sales
  posthaste acls create --allow User:shop --operation WRITE --operation DESCRIBE --topic shop. --prefixed
  posthaste acls list --topic orders --matching
  posthaste acls delete --principal User:alice`

export function declare(command: Command): void {
  command.addHelpText('after', examples)
  withResources(command.command('list'))
    .description('who may do what; all of it, where nothing is named')
    .option('--matching', 'also what concerns the resource by prefix or by *')
    .option('--principal <principal>', 'only of this principal, as in User:alice')
    .option('--operation <operation>', 'only of this operation', collect)
    .option('--host <address>', 'only from this address', collect)
    .action(withAdmin(list, checked))
  withResources(command.command('create'))
    .description('allow or deny; every resource for every principal, operation and host')
    .option('--allow <principal>', 'as in User:alice, or User:* for all; may be repeated', collect)
    .option('--deny <principal>', 'the same to deny, which wins over all that allows', collect)
    .option('--operation <operation>', 'may be repeated', collect)
    .option(
      '--host <address>',
      'from there only; may be repeated (default: from everywhere)',
      collect,
    )
    .action(withAdmin(create, somethingToCreate))
  withResources(command.command('delete'))
    .description('delete the ACLs that match all that is named')
    .option('--matching', 'also what concerns the resource by prefix or by *')
    .option('--principal <principal>', 'only of this principal, as in User:alice')
    .option('--operation <operation>', 'only of this operation', collect)
    .option('--host <address>', 'only from this address', collect)
    .addOption(new Option('--all', 'delete every ACL there is, where nothing is named'))
    .action(withAdmin(remove, somethingToDelete))
}

function withResources(command: Command): Command {
  return command
    .option('--topic <name>', 'a topic, or * for all; may be repeated', collect)
    .option('--group <name>', 'a group; may be repeated', collect)
    .option('--transactional-id <id>', 'a transactional id; may be repeated', collect)
    .option('--delegation-token <id>', 'a delegation token; may be repeated', collect)
    .option('--user <name>', 'a user, for operations on tokens; may be repeated', collect)
    .option('--cluster', 'the cluster itself')
    .option('--prefixed', 'names are how the names of the resources begin')
}

type Resource = Pick<Acl, 'resourceType' | 'resourceName'>

function resourcesOf(flags: Flags): Resource[] {
  const named: [AclResourceType, readonly string[] | undefined][] = [
    ['TOPIC', flags.topic],
    ['GROUP', flags.group],
    ['TRANSACTIONAL_ID', flags.transactionalId],
    ['DELEGATION_TOKEN', flags.delegationToken],
    ['USER', flags.user],
    ['CLUSTER', flags.cluster ? [CLUSTER_NAME] : undefined],
  ]
  return named.flatMap(([resourceType, names = []]) =>
    names.map(resourceName => ({ resourceType, resourceName })),
  )
}

/** Operations as they are typed: `read`, `describe-configs`, `DescribeConfigs`. */
function operationsOf({ operation = [] }: Flags): AclOperation[] {
  const plain = (text: string) => text.toUpperCase().replace(/[-_]/g, '')
  return operation.map(text => {
    const found = aclOperations.find(name => plain(name) === plain(text))
    if (found) return found
    throw new UsageError(`there is no operation ${text}`, `it may be ${aclOperations.join(', ')}`)
  })
}

/** Each of these, or none at all, which leaves it open. */
function orOpen<T>(items: readonly T[] | undefined): readonly (T | undefined)[] {
  return items && items.length > 0 ? items : [undefined]
}

function filtersOf(flags: Flags): AclFilter[] {
  const patternType = flags.matching ? 'MATCH' : flags.prefixed ? 'PREFIXED' : undefined
  return orOpen(resourcesOf(flags)).flatMap(resource =>
    orOpen(operationsOf(flags)).flatMap(operation =>
      orOpen(flags.host).map(host => ({
        ...resource,
        ...(patternType && { patternType }),
        ...(flags.principal && { principal: flags.principal }),
        ...(operation && { operation }),
        ...(host && { host }),
      })),
    ),
  )
}

function checked(flags: Flags): void {
  operationsOf(flags)
  for (const principal of [
    ...(flags.allow ?? []),
    ...(flags.deny ?? []),
    flags.principal ?? '_:',
  ]) {
    if (principal.includes(':')) continue
    throw new UsageError(`${principal} is no principal`, `write it as User:${principal}`)
  }
}

async function list({ admin, flags, out }: Work<Flags>): Promise<number> {
  const found = new Map<string, Acl>()
  for (const filter of filtersOf(flags)) {
    for (const acl of await admin.acls.list(filter)) found.set(JSON.stringify(acl), acl)
  }
  show(out, flags, [...found.values()])
  return exitCodes.done
}

function somethingToCreate(flags: Flags): void {
  checked(flags)
  if (!flags.allow && !flags.deny) {
    throw new UsageError(
      'it is not said who may, or may not',
      'give --allow User:NAME or --deny User:NAME',
    )
  }
  if (!flags.operation) throw new UsageError('no operation is named', 'give --operation READ')
  if (resourcesOf(flags).length > 0) return
  throw new UsageError(
    'no resource is named',
    'give --topic, --group, --transactional-id, --delegation-token, --user or --cluster',
  )
}

async function create({ admin, flags, out }: Work<Flags>): Promise<number> {
  const patternType = flags.prefixed ? 'PREFIXED' : 'LITERAL'
  const who = [
    ...(flags.allow ?? []).map(principal => ({ principal, permission: 'ALLOW' as const })),
    ...(flags.deny ?? []).map(principal => ({ principal, permission: 'DENY' as const })),
  ]
  const acls: NewAcl[] = resourcesOf(flags).flatMap(resource =>
    who.flatMap(each =>
      operationsOf(flags).flatMap(operation =>
        (flags.host ?? ['*']).map(host => ({
          ...resource,
          // The cluster has one name, which nothing else begins with.
          patternType: resource.resourceType === 'CLUSTER' ? 'LITERAL' : patternType,
          ...each,
          operation,
          host,
        })),
      ),
    ),
  )
  let code: number = exitCodes.done
  for (const result of await admin.acls.create(acls)) {
    if (result.is === 'failed') {
      complain(result.error)
      code = exitCodes.failed
    }
    if (flags.json)
      out.json({ ...result.acl, outcome: result.is === 'done' ? 'created' : 'failed' })
    else if (result.is === 'done' && !flags.quiet) out.line(`created ${sentence(result.acl)}`)
  }
  return code
}

function somethingToDelete(flags: Flags): void {
  checked(flags)
  const isOpen = filtersOf(flags).every(filter => Object.keys(filter).length === 0)
  if (!isOpen || flags.all) return
  throw new UsageError('that would delete every ACL', 'name what to delete, or give --all')
}

async function remove({ admin, flags, out }: Work<Flags>): Promise<number> {
  let code: number = exitCodes.done
  for (const result of await admin.acls.delete(filtersOf(flags))) {
    if (result.is === 'failed') {
      complain(result.error)
      code = exitCodes.failed
      continue
    }
    for (const acl of result.value) {
      if (flags.json) out.json({ ...acl, outcome: 'deleted' })
      else if (!flags.quiet) out.line(`deleted ${sentence(acl)}`)
    }
  }
  return code
}

/** `User:alice may READ topic orders`, as it is read aloud. */
function sentence(acl: NewAcl): string {
  const { resourceType, resourceName, principal, operation, permission = 'ALLOW' } = acl
  const may = permission === 'ALLOW' ? 'may' : 'may not'
  const type = resourceType.toLowerCase().replaceAll('_', ' ')
  const name = acl.patternType === 'PREFIXED' ? `${resourceName}…` : resourceName
  const what = resourceType === 'CLUSTER' ? 'the cluster' : `${type} ${name}`
  const from = acl.host === undefined || acl.host === '*' ? '' : ` from ${acl.host}`
  return `${principal} ${may} ${operation} ${what}${from}`
}

const columns = [
  { heading: 'principal' },
  { heading: 'from' },
  { heading: '' },
  { heading: 'operation' },
  { heading: 'resource' },
  { heading: 'name' },
]

function show(out: Output, flags: Flags, acls: readonly Acl[]): void {
  if (flags.json) {
    for (const acl of acls) out.json(acl)
    return
  }
  if (acls.length === 0) return
  const rows = acls.map(acl => [
    acl.principal,
    acl.host,
    acl.permission,
    acl.operation,
    acl.resourceType,
    acl.patternType === 'PREFIXED' ? `${acl.resourceName}…` : acl.resourceName,
  ])
  printTable(out, columns, rows.sort())
}
