import { expect, test } from 'vitest'
import { metricNames } from '../../src/metrics/catalogue.ts'
import { seen } from './scrape.ts'
import './clients.ts'
import './producers.ts'
import './consumers.ts'

// Last of all, when those that were imported have run.
test('there is no metric that is never set', () => {
  expect(metricNames.filter(name => !seen.has(name))).toEqual([])
})
