import { Oracle } from '../test/protocol/oracle.ts'
import { writeCoverageReport } from './coverage-report.ts'

/** Writes docs/api-coverage.md anew; needs Java. */
const oracle = await Oracle.start()
try {
  process.stdout.write(`wrote ${await writeCoverageReport(await oracle.apis())}\n`)
} finally {
  await oracle.close()
}
