import { describe } from 'vitest'
import { EmbeddedRegistry } from '../../src/registry/server/index.ts'
import { lacks } from '../support/tools.ts'
import { serdeMatrix } from './matrix.ts'

describe.skipIf(lacks('python3'))(
  'serdes and those of confluent-kafka for Python, over the embedded registry',
  () => {
    serdeMatrix(() => EmbeddedRegistry.start(), { guids: true })
  },
)
