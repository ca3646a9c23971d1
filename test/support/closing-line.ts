import type { Reporter, TestModule } from 'vitest/node'
import { missingTools } from './tools.ts'

/**
 * Ends the output with one line that is easy to find: `12 passed, 0 failed, 0 skipped`. What
 * fails outside of a test (a file that does not load, an error nobody handled) counts as failed.
 */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const count = { passed: 0, failed: unhandled.length, skipped: 0 }
    for (const module of modules) {
      count.failed += outsideOfTests(module)
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        count[state === 'pending' ? 'failed' : state]++
      }
    }
    const missing = missingTools('java', 'mvn', 'python3')
    const why = missing.length > 0 ? `not on this machine: ${missing.join(', ')}\n` : ''
    const line = `${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped\n`
    // At the very end, after whatever else reports.
    process.once('exit', () => process.stdout.write(`${count.skipped > 0 ? why : ''}${line}`))
  }
}

function outsideOfTests(module: TestModule): number {
  let errors = module.errors().length
  for (const suite of module.children.allSuites()) errors += suite.errors().length
  return errors
}
