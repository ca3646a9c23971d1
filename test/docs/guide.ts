import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { EmbeddedRegistry } from '../../src/registry/index.ts'
import { root } from '../support/cache.ts'
import { bundle } from '../support/program.ts'
import { runOrThrow } from '../support/run.ts'
import { type Block, isShown } from './blocks.ts'

/** Seconds that a block may take; it should take one or two. */
const LIMIT = '60'

/** What a document runs in: a folder where `posthaste` is installed, a cluster and a registry. */
export class Guide {
  readonly #folder: string
  readonly #cluster: EmbeddedCluster
  readonly #registry: EmbeddedRegistry

  private constructor(folder: string, cluster: EmbeddedCluster, registry: EmbeddedRegistry) {
    this.#folder = folder
    this.#cluster = cluster
    this.#registry = registry
  }

  /** `installed` is the folder of the built package. */
  static async start(installed: string): Promise<Guide> {
    // In the repository, where the other packages are found.
    const folder = await mkdtemp(join(root, '.cache', 'guide-'))
    // Without a package.json of its own, `posthaste` would be the repository's.
    await writeFile(join(folder, 'package.json'), '{"private":true,"type":"module"}\n')
    await mkdir(join(folder, 'node_modules'))
    await symlink(installed, join(folder, 'node_modules', 'posthaste'))
    await symlink(join(installed, 'dist'), join(folder, 'dist'))
    await symlink(join(root, 'examples'), join(folder, 'examples'))
    await mkdir(join(folder, 'bin'))
    const command = join(folder, 'bin', 'posthaste')
    const main = join(folder, 'dist', 'cli', 'main.js')
    await writeFile(command, `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`)
    await chmod(command, 0o755)
    const [cluster, registry] = await Promise.all([
      EmbeddedCluster.start(),
      EmbeddedRegistry.start(),
    ])
    return new Guide(folder, cluster, registry)
  }

  async stop(): Promise<void> {
    await Promise.all([this.#cluster.stop(), this.#registry.stop()])
    await rm(this.#folder, { recursive: true, force: true })
  }

  /** Runs a block, or saves it; throws where it fails, or prints other than what is shown. */
  async run({ line, language, code, output, file }: Block): Promise<void> {
    const text = this.#inward(code)
    if (file !== undefined) {
      await writeFile(join(this.#folder, file), text)
      return
    }
    const { stdout } = await this.#program(language, text, line)
    const printed = this.#outward(stdout)
    if (output !== undefined && !isShown(output, printed)) {
      throw new Error(`it shows\n\n${output}\nbut prints\n\n${printed}`)
    }
  }

  async #program(language: string, text: string, line: number) {
    const options = { cwd: this.#folder, env: this.#surroundings() }
    // `timeout` ends all that a block has started.
    const within = (...command: string[]) => runOrThrow('timeout', [LIMIT, ...command], options)
    if (language === 'sh') return within('bash', '-e', '-o', 'pipefail', '-c', text)
    // TypeScript all of it: `using` is not JavaScript to Node 20. What is installed is imported.
    const program = join(this.#folder, `line-${line}.ts`)
    await writeFile(program, text)
    return within(process.execPath, await bundle(program, this.#folder, /^posthaste/))
  }

  #surroundings(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      NO_COLOR: '1',
      PATH: [join(this.#folder, 'bin'), process.env.PATH].join(delimiter),
      KAFKA_BOOTSTRAP_SERVERS: this.#cluster.bootstrapServers,
      SCHEMA_REGISTRY_URL: this.#registry.url,
    }
  }

  #inward(code: string): string {
    return code
      .replaceAll(/(localhost|127\.0\.0\.1):9092/g, this.#cluster.bootstrapServers)
      .replaceAll('http://localhost:8081', this.#registry.url)
  }

  #outward(printed: string): string {
    return printed
      .replaceAll(this.#cluster.bootstrapServers, 'localhost:9092')
      .replaceAll(this.#registry.url, 'http://localhost:8081')
  }
}
