import { join } from 'node:path'
import { type Outcome, type RunOptions, run } from '../support/run.ts'
import { kafkaPrograms } from './jars.ts'

/** Over before the better compiler, which costs more than the program itself, would pay. */
const quickly = ['-XX:TieredStopAtLevel=1']

/** Arguments for `java` that run a long-lived broker whose log goes to `logFile`. */
export function brokerArgs(
  programs: readonly string[],
  heapMb: number,
  isForLong: boolean,
  folder: string,
): string[] {
  return [
    `-Xmx${heapMb}m`,
    '-XX:+UseSerialGC',
    ...(isForLong ? [] : quickly),
    '-XX:-UsePerfData',
    '-Djava.awt.headless=true',
    `-Djava.io.tmpdir=${folder}`,
    `-Dlog4j2.configurationFile=${join(import.meta.dirname, 'log4j2-broker.properties')}`,
    `-Dlog.file=${join(folder, 'broker.log')}`,
    ...programs,
    'kafka.Kafka',
    join(folder, 'server.properties'),
  ]
}

// Those that do not lie in org.apache.kafka.tools itself.
const packages: Readonly<Record<string, string>> = {
  ConfigCommand: 'kafka.admin',
  ConsoleConsumer: 'org.apache.kafka.tools.consumer',
  ConsoleShareConsumer: 'org.apache.kafka.tools.consumer',
  ConsumerGroupCommand: 'org.apache.kafka.tools.consumer.group',
  ReassignPartitionsCommand: 'org.apache.kafka.tools.reassign',
  ShareGroupCommand: 'org.apache.kafka.tools.consumer.group',
  StorageTool: 'kafka.tools',
  StreamsGroupCommand: 'org.apache.kafka.tools.streams',
}

/** Runs one of Kafka's own programs, by its class's short or full name, to its end. */
export async function runJava(
  className: string,
  args: readonly string[],
  options?: RunOptions,
): Promise<Outcome> {
  const home = packages[className] ?? 'org.apache.kafka.tools'
  const fullName = className.includes('.') ? className : `${home}.${className}`
  return run('java', [...(await toolArgs()), fullName, ...args], options)
}

async function toolArgs(): Promise<string[]> {
  return [
    '-Xmx256m',
    '-XX:+UseSerialGC',
    ...quickly,
    '-XX:-UsePerfData',
    `-Dlog4j2.configurationFile=${join(import.meta.dirname, 'log4j2-tool.properties')}`,
    ...(await kafkaPrograms()),
  ]
}
