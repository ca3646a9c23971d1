import { mkdir, writeFile } from 'node:fs/promises'
import { pages } from './docs/pages.ts'

await mkdir(new URL('../docs/api/', import.meta.url), { recursive: true })

/** Writes the pages of docs/ that are made from the code; a test holds them to it. */
for (const [path, make] of pages) await writeFile(new URL(`../${path}`, import.meta.url), make())
