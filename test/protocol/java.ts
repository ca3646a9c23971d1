import { afterAll, beforeAll, describe } from 'vitest'
import { Oracle, oracleMissing } from './oracle.ts'

const missing = await oracleMissing()
if (missing) process.stderr.write(`skipped: ${missing}\n`)

/** Tests that hold something against Kafka's own classes; `oracle()` is for use within them. */
export function againstJava(title: string, tests: (oracle: () => Oracle) => void): void {
  describe.skipIf(missing)(missing ? `${title} (${missing})` : title, () => {
    let running: Oracle | undefined
    beforeAll(async () => {
      running = await Oracle.start()
    })
    afterAll(() => running?.close())
    tests(() => {
      if (!running) throw new Error('the oracle is used outside of a test')
      return running
    })
  })
}
