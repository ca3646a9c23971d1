import { writeFile } from 'node:fs/promises'
import { pages } from './docs/pages.ts'

/** Writes the pages of docs/ that are made from the code; a test holds them to it. */
for (const [path, make] of pages) await writeFile(new URL(`../${path}`, import.meta.url), make())
