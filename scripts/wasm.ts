/**
 * Assembles LZ4's blocks for WebAssembly: `npm run wasm` writes src/records/compression/lz4-code.ts
 * of lz4-block.wat beside it. A test holds the two together.
 */
import { readFile, writeFile } from 'node:fs/promises'
import wabt from 'wabt'

const folder = new URL('../src/records/compression/', import.meta.url)

/** The module that holds the code. */
export async function lz4Code(): Promise<string> {
  const { parseWat } = await wabt()
  const source = await readFile(new URL('lz4-block.wat', folder), 'utf8')
  const module = parseWat('lz4-block.wat', source, { simd: true, bulk_memory: true })
  try {
    const text = Buffer.from(module.toBinary({}).buffer).toString('base64')
    const lines = text.match(/.{1,94}/g) ?? []
    return `/** What \`npm run wasm\` makes of lz4-block.wat, in base64. */
export const code =
${lines.map(line => `  '${line}'`).join(' +\n')}
`
  } finally {
    module.destroy()
  }
}

if (import.meta.filename === process.argv[1]) {
  await writeFile(new URL('lz4-code.ts', folder), await lz4Code())
}
