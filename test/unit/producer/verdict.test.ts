import { describe, expect, test } from 'vitest'
import { type BatchFacts, mayHaveAppended, verdict } from '../../../src/producer/verdict.ts'
import { ERROR_TABLE, errorByName } from '../../../src/protocol/errors.ts'

const plain: BatchFacts = { idempotent: true, transactional: false, isFirst: true, count: 5 }

function judge(name: string, facts: Partial<BatchFacts> = {}) {
  return verdict(errorByName(name)!.code, { ...plain, ...facts })
}

describe('the verdict on a batch', () => {
  test.each([
    ['NONE', {}, 'delivered'],
    ['DUPLICATE_SEQUENCE_NUMBER', {}, 'delivered'],
    ['MESSAGE_TOO_LARGE', {}, 'split'],
    ['MESSAGE_TOO_LARGE', { count: 1 }, 'fail'],
    ['RECORD_LIST_TOO_LARGE', {}, 'split'],
    ['NOT_LEADER_OR_FOLLOWER', {}, 'refresh'],
    ['LEADER_NOT_AVAILABLE', {}, 'refresh'],
    ['UNKNOWN_TOPIC_OR_PARTITION', {}, 'refresh'],
    ['UNKNOWN_TOPIC_ID', {}, 'refresh'],
    ['FENCED_LEADER_EPOCH', {}, 'refresh'],
    ['KAFKA_STORAGE_ERROR', {}, 'refresh'],
    ['NOT_ENOUGH_REPLICAS', {}, 'retry'],
    ['NOT_ENOUGH_REPLICAS_AFTER_APPEND', {}, 'retry'],
    ['REQUEST_TIMED_OUT', {}, 'retry'],
    ['CORRUPT_MESSAGE', {}, 'retry'],
    ['OUT_OF_ORDER_SEQUENCE_NUMBER', {}, 'renew'],
    ['OUT_OF_ORDER_SEQUENCE_NUMBER', { isFirst: false }, 'retry'],
    ['OUT_OF_ORDER_SEQUENCE_NUMBER', { transactional: true }, 'fail'],
    ['OUT_OF_ORDER_SEQUENCE_NUMBER', { idempotent: false }, 'fail'],
    ['UNKNOWN_PRODUCER_ID', {}, 'renew'],
    ['UNKNOWN_PRODUCER_ID', { isFirst: false }, 'retry'],
    ['INVALID_PRODUCER_EPOCH', {}, 'renew'],
    ['INVALID_PRODUCER_EPOCH', { transactional: true }, 'fail'],
    ['PRODUCER_FENCED', { transactional: true }, 'fatal'],
    ['CLUSTER_AUTHORIZATION_FAILED', {}, 'fatal'],
    ['TOPIC_AUTHORIZATION_FAILED', {}, 'fail'],
    ['INVALID_RECORD', {}, 'fail'],
    ['INVALID_REQUIRED_ACKS', {}, 'fail'],
    ['UNKNOWN_SERVER_ERROR', {}, 'fail'],
  ] as const)('%s %o: %s', (name, facts, expected) => {
    expect(judge(name, facts)).toBe(expected)
  })

  test('every error of the table has one, and none but success delivers', () => {
    for (const { code, name } of ERROR_TABLE) {
      const judged = verdict(code, plain)
      expect(judged === 'delivered').toBe(name === 'NONE' || name === 'DUPLICATE_SEQUENCE_NUMBER')
    }
  })

  test('a number that no table has is an end, not a loop', () => {
    expect(verdict(9_999, plain)).toBe('fail')
  })

  test('after an append that others did not confirm, the record may be there', () => {
    expect(mayHaveAppended(errorByName('NOT_ENOUGH_REPLICAS_AFTER_APPEND')!.code)).toBe(true)
    expect(mayHaveAppended(errorByName('NOT_ENOUGH_REPLICAS')!.code)).toBe(false)
  })
})
