import { expect, it } from 'vitest'
import { onGuardedClusters } from '../contract/guarded-cluster.ts'
import { waitFor } from '../support/wait.ts'
import { posthaste } from './posthaste.ts'

onGuardedClusters('acls', cluster => {
  const acls = (...args: string[]) => posthaste(['acls', ...args, '-b', cluster().bootstrapServers])

  /** What is listed, once the broker, which learns from the controller, has so many lines. */
  async function listed(count: number, ...args: string[]): Promise<string[]> {
    let lines: string[] = []
    await waitFor(`${count} lines`, async () => {
      const { code, stdout } = await acls('list', ...args)
      expect(code).toBe(0)
      lines = stdout.split('\n').filter(line => line !== '')
      return lines.length === count
    })
    return lines
  }

  it('are created for each combination, listed by what concerns a topic, and deleted', async () => {
    const who = ['--allow', 'User:alice', '--operation', 'read', '--operation', 'DescribeConfigs']
    expect(await acls('create', ...who, '--topic', 'orders')).toEqual({
      code: 0,
      stdout:
        'created User:alice may READ topic orders\n' +
        'created User:alice may DESCRIBE_CONFIGS topic orders\n',
      stderr: '',
    })
    const deny = ['--deny', 'User:*', '--operation', 'delete', '--topic', 'ord', '--prefixed']
    const denied = await acls('create', ...deny, '--host', '10.0.0.1', '--cluster')
    expect([denied.code, denied.stdout]).toEqual([
      0,
      'created User:* may not DELETE topic ord… from 10.0.0.1\n' +
        'created User:* may not DELETE the cluster from 10.0.0.1\n',
    ])
    expect(await listed(5)).toEqual([
      'principal   from             operation         resource  name',
      'User:*      10.0.0.1  DENY   DELETE            CLUSTER   kafka-cluster',
      'User:*      10.0.0.1  DENY   DELETE            TOPIC     ord…',
      'User:alice  *         ALLOW  DESCRIBE_CONFIGS  TOPIC     orders',
      'User:alice  *         ALLOW  READ              TOPIC     orders',
    ])
    const matching = await listed(3, '--topic', 'orders', '--matching', '--json')
    const operations = matching.map(line => JSON.parse(line).operation)
    expect(operations.sort()).toEqual(['DELETE', 'DESCRIBE_CONFIGS', 'READ'])
    const gone = await acls('delete', '--principal', 'User:alice', '--operation', 'read')
    expect(gone.stdout).toBe('deleted User:alice may READ topic orders\n')
    expect((await acls('delete', '--all', '-q')).code).toBe(0)
    await listed(0)
  })

  it('are refused by the cluster where they make no sense', async () => {
    const who = ['--allow', 'User:alice', '--operation', 'IDEMPOTENT_WRITE']
    const { code, stderr } = await acls('create', ...who, '--topic', '')
    expect([code, stderr]).toEqual([1, expect.stringContaining('INVALID_REQUEST')])
  })
})
