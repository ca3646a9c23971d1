import { EmbeddedRegistry } from '../../src/registry/server/index.ts'

// A registry in a process of its own, to be killed: says where it is, and then nothing more.
const registry = await EmbeddedRegistry.start({ dataDir: process.argv[2] ?? '' })
process.stdout.write(`${registry.url}\n`)
