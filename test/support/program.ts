import { mkdir, mkdtemp } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { build } from 'vite'
import { root } from './cache.ts'

/**
 * A program of the tests with all that it imports of ours in one file: node starts it in a tenth of
 * the time that a loader for TypeScript takes, which counts where it is killed and started again
 * and again. Whoever asked removes the file's folder; it lies in the repository, since it looks for
 * its packages from where it is.
 */
export async function bundledProgram(entry: string): Promise<{ folder: string; file: string }> {
  await mkdir(join(root, '.cache'), { recursive: true })
  const outDir = await mkdtemp(join(root, '.cache', 'program-'))
  await build({
    configFile: false,
    root,
    logLevel: 'error',
    build: {
      ssr: join(root, entry),
      outDir,
      target: 'node20',
      rollupOptions: { output: { entryFileNames: '[name].mjs' } },
    },
  })
  return { folder: outDir, file: join(outDir, basename(entry).replace(/\.ts$/, '.mjs')) }
}
