import { describe } from 'vitest'
import { EmbeddedRegistry } from '../../src/registry/server/index.ts'
import { registryContract } from './contract.ts'

describe('the client on the embedded registry', () => {
  registryContract(() => EmbeddedRegistry.start(), {
    judges: true,
    verboseReasons: true,
    guids: true,
    countsDeletedTwice: false,
    compatibilityOnceDeleted: 'BACKWARD',
  })
})
