import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { KafkaError } from '../errors.ts'

/** A file of the page, in memory. */
export interface Asset {
  readonly type: string
  readonly bytes: Buffer
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** Beside this file in the package; in the repository, where `npm run build` puts it. */
const places = ['./page/', '../../dist/dashboard/page/']

/** The files of the page by their paths. Throws a KafkaError where it was not built. */
export function pageAssets(folder = foundFolder()): ReadonlyMap<string, Asset> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
  const assets = new Map<string, Asset>()
  for (const file of files.filter(each => each.isFile())) {
    const full = join(file.parentPath, file.name)
    const path = full.slice(folder.replace(/\/$/, '').length).replaceAll('\\', '/')
    const type = types[extname(file.name)] ?? 'application/octet-stream'
    assets.set(path === '/index.html' ? '/' : path, { type, bytes: readFileSync(full) })
  }
  return assets
}

function foundFolder(): string {
  const folders = places.map(place => fileURLToPath(new URL(place, import.meta.url)))
  const found = folders.find(folder => existsSync(join(folder, 'index.html')))
  if (found !== undefined) return found
  throw new KafkaError({
    code: 'PAGE_NOT_BUILT',
    message: 'the page is not there',
    hint: 'in a clone of the repository, npm run build makes it',
  })
}
