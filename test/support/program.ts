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
  const file = await bundle(join(root, entry), outDir)
  return { folder: outDir, file }
}

/**
 * Makes JavaScript of a program, in one file with what it imports by paths; gives the new file's
 * name. What `external` fits stays an import.
 */
export async function bundle(entry: string, outDir: string, external?: RegExp): Promise<string> {
  await build({
    configFile: false,
    root,
    logLevel: 'error',
    build: {
      ssr: entry,
      outDir,
      emptyOutDir: false,
      target: 'node20',
      rollupOptions: {
        ...(external && { external }),
        output: { entryFileNames: '[name].mjs' },
      },
    },
  })
  return join(outDir, basename(entry).replace(/\.ts$/, '.mjs'))
}
