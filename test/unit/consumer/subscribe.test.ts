import { expect, test } from 'vitest'
import { ConfigError, Consumer } from '../../../src/index.ts'

test.each(['orders', { topics: ['orders'] }, undefined, ['orders', '']])(
  'subscribe(%j) is refused, and says what to write',
  async topics => {
    await using consumer = new Consumer({ 'bootstrap.servers': 'localhost:1', 'group.id': 'g' })
    // As a program without types would call it.
    const subscribe: (topics: never) => Promise<void> = given => consumer.subscribe(given)
    expect(() => subscribe(topics as never)).toThrow(ConfigError)
    expect(() => subscribe(topics as never)).toThrow(/topics? must be/)
  },
)
