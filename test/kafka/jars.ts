import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { cached } from '../support/cache.ts'
import { runOrThrow } from '../support/run.ts'
import { classArchive } from './class-archive.ts'

const manifest = join(import.meta.dirname, 'pom.xml')

/**
 * The class path of Apache Kafka (brokers, tools, clients) for `java -cp` and `javac -cp`.
 * The first call fetches the jars from Maven Central, which needs `mvn`; later ones find them in
 * the cache folder.
 */
export async function kafkaClasspath(): Promise<string> {
  return join(await kafkaJars(), '*')
}

/** What `java` needs to run Kafka's programs, and starts them fast; its options come before it. */
export async function kafkaPrograms(plugins?: string): Promise<string[]> {
  const folder = await kafkaJars()
  const classpath = [join(folder, '*'), ...(plugins === undefined ? [] : [plugins])]
  return [...(await classArchive(folder)), '-cp', classpath.join(delimiter)]
}

async function kafkaJars(): Promise<string> {
  const pom = await readFile(manifest)
  const hash = createHash('sha256').update(pom).digest('hex').slice(0, 12)
  return cached(`kafka-${hash}`, fetchJars)
}

async function fetchJars(folder: string): Promise<void> {
  process.stderr.write('fetching Apache Kafka from Maven Central (once) ...\n')
  const goal = 'dependency:copy-dependencies'
  await runOrThrow('mvn', ['-B', '-ntp', '-q', '-f', manifest, goal, `-DoutputDirectory=${folder}`])
}
