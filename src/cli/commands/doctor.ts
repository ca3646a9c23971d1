import { type Command, Option } from 'commander'
import { ConfigError } from '../../errors.ts'
import { adminOptions, consumerOptions, producerOptions } from '../../index.ts'
import { wholeNumber } from '../arguments.ts'
import { examine, wrongSettings } from '../doctor/examine.ts'
import type { Finding } from '../doctor/finding.ts'
import { Report } from '../doctor/report.ts'
import type { Role } from '../doctor/rights-checks.ts'
import { exitCodes } from '../exit.ts'
import { Output } from '../output.ts'
import { painter } from '../paint.ts'
import { type CommonFlags, settingsFor } from '../settings.ts'
import { widthOf } from '../table.ts'

interface Flags extends CommonFlags {
  readonly role: Role
  readonly size?: number
  readonly group?: string
}

const examples = `
Examples:
  posthaste doctor
  posthaste doctor orders -b broker.example.org:9093 --command-config client.properties
  posthaste doctor orders --role producer --size 5000000
  posthaste doctor orders --role consumer --group billing
  posthaste doctor orders -X transactional.id=billing-1 --json

Looks at the settings, each address and the certificate there, the login, the addresses by which
the brokers know themselves, versions, clocks, leaders, and with a topic its replicas, limits and
rights. It changes nothing. Exit code 0: no problem; 1: problems; 3: no broker is there.`

export function declare(command: Command): void {
  command
    .argument('[topic]', 'look at this topic, too')
    .addOption(
      new Option('--role <role>', 'as who you want to use the topic')
        .choices(['producer', 'consumer', 'both'])
        .default('both'),
    )
    .option('--size <bytes>', 'of a record that must get through', wholeNumber(0, 2 ** 31 - 1))
    .option('-g, --group <group>', 'the group that you want to read as')
    .addHelpText('after', examples)
    .action(async (topic: string | undefined) => {
      process.exitCode = await doctor(topic, command.optsWithGlobals<Flags>())
    })
}

/** Looks, tells, and gives the exit code. */
async function doctor(topic: string | undefined, flags: Flags): Promise<number> {
  const out = new Output(process.stdout)
  const report = new Report(out, painter(process.stdout), widthOf(process.stdout))
  const findings: Finding[] = []
  const tell = (found: readonly Finding[]) => {
    findings.push(...found)
    for (const each of found) {
      if (flags.json) out.json(each)
      else if (!flags.quiet || each.is !== 'ok') report.finding(each)
    }
  }
  const isAnybodyThere = await visit(topic, flags, tell)
  if (!flags.json && !flags.quiet) report.sum(findings)
  await out.end()
  if (!isAnybodyThere) return exitCodes.noBroker
  return findings.some(({ is }) => is === 'problem') ? exitCodes.failed : exitCodes.done
}

async function visit(
  topic: string | undefined,
  flags: Flags,
  tell: (found: readonly Finding[]) => void,
): Promise<boolean> {
  const { role, size, group } = flags
  const all = { ...producerOptions, ...consumerOptions, ...adminOptions }
  const own = group === undefined ? {} : { 'group.id': group }
  try {
    const given = settingsFor(all, flags, own)
    return await examine({ given, topic, role, size, env: process.env, tell })
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    tell([wrongSettings(error)])
    return true
  }
}
