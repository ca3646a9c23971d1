import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../test/support/cache.ts'
import { runOrThrow } from '../test/support/run.ts'

// Packs the package as it would be published, installs it into an empty project without running
// any script, and uses it there as its users will: import, require, types, command.

interface Manifest {
  readonly name: string
  readonly bin: Readonly<Record<string, string>>
  readonly exports: Readonly<Record<string, unknown>>
  readonly devDependencies: Readonly<Record<string, string>>
  readonly peerDependencies: Readonly<Record<string, string>>
}

const bin = join(root, 'node_modules', '.bin')

/** Entry points that need a package which the program brings; all others must do without. */
const needPeers = ['posthaste/opentelemetry']

checkPackage().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
})

async function checkPackage(): Promise<void> {
  const manifest: Manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  const entries = Object.keys(manifest.exports)
    .filter(path => path !== './package.json')
    .map(path => manifest.name + path.slice(1))
  const folder = await mkdtemp(join(tmpdir(), 'posthaste-package-'))
  try {
    const tarball = await step('packs', () => pack(folder))
    const user = join(folder, 'user')
    await step('installs without scripts', () => install(user, tarball, manifest))
    const alone = entries.filter(entry => !needPeers.includes(entry))
    await step(`imports ${alone.join(', ')}`, () => load(user, alone))
    await step('installs what programs may bring', () => installPeers(user, manifest))
    await step(`imports ${needPeers.join(', ')} too`, () => load(user, entries))
    await step('its types resolve', () => typeCheck(user, entries))
    await step('its commands answer --help', () => help(user, Object.keys(manifest.bin)))
    await step('publint', () => runOrThrow(join(bin, 'publint'), ['--strict', tarball]))
    await step('are the types wrong', () => {
      return runOrThrow(join(bin, 'attw'), ['--profile', 'esm-only', '--no-emoji', tarball])
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Says what is being looked at, so that a failure has its place. */
async function step<T>(name: string, work: () => Promise<T>): Promise<T> {
  process.stdout.write(`package: ${name} ... `)
  try {
    const result = await work()
    process.stdout.write('ok\n')
    return result
  } catch (error) {
    process.stdout.write('failed\n')
    throw error
  }
}

/** Builds anew, so that no file of an earlier build gets in. Gives the tarball's path. */
async function pack(folder: string): Promise<string> {
  await rm(join(root, 'dist'), { recursive: true, force: true })
  await runOrThrow('npm', ['run', 'build'], { cwd: root })
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]
  const { stdout } = await runOrThrow('npm', args, { cwd: root })
  const [packed]: { filename: string; size: number; entryCount: number }[] = JSON.parse(stdout)
  if (!packed) throw new Error(`npm pack made nothing:\n${stdout}`)
  process.stdout.write(`${packed.entryCount} files, ${Math.round(packed.size / 1024)} KiB ... `)
  return join(folder, packed.filename)
}

async function install(user: string, tarball: string, manifest: Manifest): Promise<void> {
  await mkdir(user)
  await writeFile(join(user, 'package.json'), '{ "private": true }\n')
  const nodeTypes = `@types/node@${manifest.devDependencies['@types/node']}`
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund']
  await runOrThrow('npm', ['install', ...quiet, tarball, nodeTypes], { cwd: user })
}

async function installPeers(user: string, { peerDependencies }: Manifest): Promise<void> {
  const peers = Object.entries(peerDependencies).map(([name, range]) => `${name}@${range}`)
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund']
  await runOrThrow('npm', ['install', ...quiet, ...peers], { cwd: user })
}

/** Both module systems must give the same names, and print nothing else, not even a warning. */
async function load(user: string, entries: readonly string[]): Promise<void> {
  const print = 'console.log(JSON.stringify(all.map(m => Object.keys(m).sort())))'
  const list = JSON.stringify(entries)
  const esm = `const all = await Promise.all(${list}.map(name => import(name))); ${print}`
  const cjs = `const all = ${list}.map(name => require(name)); ${print}`
  await writeFile(join(user, 'load.mjs'), esm)
  await writeFile(join(user, 'load.cjs'), cjs)
  const imported = await runOrThrow('node', ['load.mjs'], { cwd: user })
  const required = await runOrThrow('node', ['load.cjs'], { cwd: user })
  for (const { stderr } of [imported, required]) if (stderr) throw new Error(stderr)
  const names: string[][] = JSON.parse(imported.stdout)
  const empty = entries.filter((_, i) => names[i]?.length === 0)
  if (empty.length > 0) throw new Error(`nothing is exported by ${empty.join(', ')}`)
  if (imported.stdout !== required.stdout) {
    throw new Error(`import gives ${imported.stdout}require gives ${required.stdout}`)
  }
}

/** The strictest of users: every declaration file that is reached is checked, too. */
async function typeCheck(user: string, entries: readonly string[]): Promise<void> {
  const uses = entries.map((_, i) => `export type Names${i} = keyof typeof entry${i}\n`)
  const imports = entries.map((name, i) => `import * as entry${i} from '${name}'\n`)
  const requires = entries.map((name, i) => `import entry${i} = require('${name}')\n`)
  await writeFile(join(user, 'uses.mts'), [...imports, ...uses].join(''))
  await writeFile(join(user, 'uses.cts'), [...requires, ...uses].join(''))
  const compilerOptions = {
    target: 'ES2023',
    lib: ['ES2023', 'ESNext.Disposable'],
    module: 'NodeNext',
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
  }
  const project = { compilerOptions, files: ['uses.mts', 'uses.cts'] }
  await writeFile(join(user, 'tsconfig.json'), JSON.stringify(project))
  await runOrThrow(join(bin, 'tsc'), ['-p', 'tsconfig.json'], { cwd: user })
}

async function help(user: string, commands: readonly string[]): Promise<void> {
  for (const command of commands) {
    const { stdout } = await runOrThrow(join(user, 'node_modules', '.bin', command), ['--help'])
    if (!stdout.includes(`Usage: ${command}`)) throw new Error(`${command} --help:\n${stdout}`)
  }
}
