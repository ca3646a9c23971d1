import { join } from 'node:path'
import { build } from 'vite'

const root = join(import.meta.dirname, '..')

/** Builds the live page from ui/ into a folder: plain files that ask no other address. */
export async function buildPage(folder = join(root, 'dist/dashboard/page')): Promise<void> {
  await build({
    root: join(root, 'ui'),
    configFile: false,
    logLevel: 'warn',
    base: './',
    build: {
      outDir: folder,
      emptyOutDir: true,
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      target: 'es2022',
    },
  })
}

if (process.argv[1] === import.meta.filename) await buildPage(process.argv[2])
