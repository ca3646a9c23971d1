import { Command, Option } from 'commander'
import { version } from '../version.ts'
import { collect } from './arguments.ts'

/** A command as the overview shows it; the rest of it is loaded when it is called. */
interface Entry {
  readonly name: string
  readonly about: string
  /** Adds arguments, options, examples and the action. */
  load(): Promise<{ declare(command: Command): void }>
}

const entries: readonly Entry[] = [
  {
    name: 'demo',
    about: 'watch orders go through an embedded cluster and come back, in seconds',
    load: () => import('./commands/demo.ts'),
  },
  {
    name: 'broker',
    about: 'run a small Kafka-compatible cluster in this process, without a JVM',
    load: () => import('./commands/broker.ts'),
  },
  {
    name: 'produce',
    about: 'send a record for each line of files or of standard input',
    load: () => import('./commands/produce.ts'),
  },
  {
    name: 'consume',
    about: 'print the records of topics',
    load: () => import('./commands/consume.ts'),
  },
  {
    name: 'topics',
    about: 'list, create, describe, alter and delete topics',
    load: () => import('./commands/topics.ts'),
  },
  {
    name: 'groups',
    about: 'list, describe and delete groups; show their lag, reset their offsets',
    load: () => import('./commands/groups.ts'),
  },
  {
    name: 'configs',
    about: 'describe and alter the settings of topics, brokers, groups and more',
    load: () => import('./commands/configs.ts'),
  },
  {
    name: 'acls',
    about: 'list, create and delete who may do what',
    load: () => import('./commands/acls.ts'),
  },
  {
    name: 'cluster',
    about: 'describe the brokers, the controller, the features and the metadata quorum',
    load: () => import('./commands/cluster.ts'),
  },
  {
    name: 'schemas',
    about: 'list, get, register, check and delete the schemas of a registry',
    load: () => import('./commands/schemas.ts'),
  },
  {
    name: 'trace',
    about: 'watch a producer, a transaction or a group at work, step by step',
    load: () => import('./commands/trace.ts'),
  },
  {
    name: 'doctor',
    about: 'find out what is wrong with a connection, a topic or the rights to it',
    load: () => import('./commands/doctor.ts'),
  },
  {
    name: 'bench',
    about: 'measure producing, and reading back, on your own cluster',
    load: () => import('./commands/bench.ts'),
  },
  {
    name: 'explain-partition',
    about: 'say to which partition a key goes, with each algorithm in use',
    load: () => import('./commands/explain-partition.ts'),
  },
  {
    name: 'completion',
    about: 'print a script by which bash, zsh or fish complete this command line',
    load: () => import('./commands/completion.ts'),
  },
]

const examples = `
Examples:
  posthaste demo
  posthaste broker --port 9092
  posthaste produce orders orders.jsonl --key-field user
  posthaste consume orders --from-beginning --exit-at-end

Exit codes:
  0 done   1 some records failed   2 wrong usage or configuration   3 no broker   130 interrupted`

/** The whole command line; each command's own part is loaded only when that command is called. */
export function commandLine(): Command {
  const program = new Command('posthaste')
    .description('Kafka from the command line: produce, consume, look after topics.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .configureHelp({ showGlobalOptions: true })
    .addOption(
      new Option(
        '-b, --bootstrap-server <host:port,…>',
        'brokers to begin with (default: $KAFKA_BOOTSTRAP_SERVERS, or localhost:9092)',
      ),
    )
    .addOption(
      new Option('-X <key=value>', "any of the client's settings; may be repeated").argParser(
        collect,
      ),
    )
    .option('--command-config <file>', 'a Java properties file with settings')
    .option('--json', 'one JSON object a line on standard output')
    .option('-q, --quiet', 'say nothing but errors')
    .option('-v, --verbose', 'say more')
    .addHelpText('after', examples)
    .configureOutput({
      outputError: (text, write) => write(text.replace(/^error: /, 'posthaste: ')),
    })
    .exitOverride()
  for (const { name, about } of entries) program.command(name).description(about)
  program.hook('preSubcommand', async (_program, command) => {
    const entry = entries.find(each => each.name === command.name())
    if (!entry) return
    const { declare } = await entry.load()
    declare(command)
  })
  return program
}

/**
 * The same with every command complete at once, or those of the names: for what must know them
 * without calling one, as documents do.
 */
export async function wholeCommandLine(names?: readonly string[]): Promise<Command> {
  const program = commandLine()
  for (const { name, load } of entries) {
    if (names && !names.includes(name)) continue
    const { declare } = await load()
    const command = program.commands.find(each => each.name() === name)
    if (command) declare(command)
  }
  return program
}
