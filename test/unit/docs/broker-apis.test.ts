import { expect, test } from 'vitest'
import { othersVersions } from '../../../scripts/docs/others-versions.ts'
import { handlers } from '../../../src/broker/handlers/index.ts'

/** Those of share groups. */
const isApart = (name: string) => name.includes('Share')

test('the embedded cluster serves what kfake serves, share groups apart', () => {
  const ours = new Map(handlers.map(({ api, versions }) => [api.key, versions]))
  const missing = othersVersions
    .filter(({ kfake, name }) => kfake !== null && !isApart(name))
    .filter(({ key }) => !ours.has(key))
    .map(({ name }) => name)
  expect(missing).toEqual([])
})

test('it serves the newest version of Kafka, where it serves an API at all', () => {
  const ours = new Map(handlers.map(({ api, versions }) => [api.key, versions]))
  const behind = othersVersions
    .filter(({ key, kafka }) => kafka !== null && (ours.get(key)?.[1] ?? Infinity) < kafka[1])
    .map(({ name }) => name)
  expect(behind).toEqual([])
})
