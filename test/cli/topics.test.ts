import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { posthaste } from './posthaste.ts'

let cluster: EmbeddedCluster
beforeAll(async () => {
  cluster = await EmbeddedCluster.start({ brokers: 3 })
})
afterAll(() => cluster.stop())

const topics = (...args: string[]) => posthaste(['topics', ...args, '-b', cluster.bootstrapServers])

describe('topics', () => {
  it('are created, listed, described and deleted', async () => {
    const made = await topics(
      'create',
      'b',
      'a',
      '--partitions',
      '2',
      '--config',
      'retention.ms=9000',
    )
    expect(made).toEqual({ code: 0, stdout: 'created b\ncreated a\n', stderr: '' })
    expect(await topics('list')).toEqual({ code: 0, stdout: 'a\nb\n', stderr: '' })
    const { stdout } = await topics('describe', 'a')
    const head = 'a  2 partitions, replication factor 3\n  retention.ms=9000\n'
    expect(stdout).toContain(`${head}  partition  leader  replicas  in sync\n          0  `)
    expect(stdout.trimEnd().split('\n')).toHaveLength(5)
    expect(await topics('delete', 'a', 'b')).toMatchObject({
      code: 0,
      stdout: 'deleted a\ndeleted b\n',
    })
    expect(await topics('list')).toEqual({ code: 0, stdout: '', stderr: '' })
  })

  it('succeed and fail one by one', async () => {
    await topics('create', 'there')
    const again = await topics('create', 'there', 'new')
    expect(again).toMatchObject({ code: 1, stdout: 'created new\n' })
    expect(again.stderr).toContain('TOPIC_ALREADY_EXISTS in CreateTopics on there')
    const calm = await topics('create', 'there', '--if-not-exists')
    expect(calm).toEqual({ code: 0, stdout: 'unchanged there\n', stderr: '' })
    const gone = await topics('delete', 'none', 'new', '--json')
    expect(gone.code).toBe(1)
    expect(
      gone.stdout
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line)),
    ).toEqual([
      { name: 'none', outcome: 'failed', code: 'UNKNOWN_TOPIC_OR_PARTITION' },
      { name: 'new', outcome: 'deleted' },
    ])
    expect(await topics('delete', 'none', '--if-exists')).toMatchObject({ code: 0 })
  })

  it('are told as JSON', async () => {
    await topics('create', 'told', '--partitions', '1', '--config', 'cleanup.policy=compact')
    const partition = { partition: 0, offlineReplicas: [] }
    const described = JSON.parse((await topics('describe', 'told', '--json')).stdout)
    expect(described).toMatchObject({
      name: 'told',
      id: expect.stringMatching(/^[\w-]{22}$/),
      internal: false,
      partitions: [partition],
      config: { 'cleanup.policy': 'compact' },
    })
    const lines = (await topics('list', '--json')).stdout.trimEnd().split('\n')
    expect(lines.map(line => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ name: 'told', partitions: 1, replicationFactor: 3 }),
    )
  })
})
