import { describe, expect, it } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { posthaste } from './posthaste.ts'

describe('demo', () => {
  it('delivers every order, reads all back, and every check holds', async () => {
    const { code, stdout, stderr } = await posthaste(['demo'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/orders \[\d\] @ 0 +\w+ +order-\d{5}/)
    expect(stdout).toContain('delivered 1,200, failed 0')
    expect(stdout.match(/✔/g)).toHaveLength(10)
    expect(stdout).not.toContain('✘')
  })

  it('has three groups read every order; one member stops, the other takes over', async () => {
    const { stdout } = await posthaste(['demo'])
    expect(stdout).toMatch(/warehouse-2 stopped in the middle; its partitions( \d){3}\n/)
    expect(stdout).toMatch(/were with warehouse-1 \d+ ms later/)
    expect(stdout).toMatch(/dashboard +0 1 2 3 4 5 +1200 +66487\.10 in all/)
    expect(stdout).toMatch(/fraud-check +0 1 2 3 4 5 +1200 +49 above 150\.00/)
    expect(stdout).toMatch(/warehouse-1 +[\d ]+ 1150 +a file of 1200 lines/)
    expect(stdout).toMatch(/warehouse-2 +[\d ]+ 50\n/)
    expect(stdout).toContain('✔ warehouse-1 went on where warehouse-2 had stopped, to the offset')
  })

  it('shows how a schema evolves, and why a breaking change is refused before it is sent', async () => {
    const { stdout } = await posthaste(['demo'])
    expect(stdout).toContain('version 1 of orders-avro-value: 50 orders sent in Avro')
    expect(stdout).toContain('version 2 adds currency, with a default: compatible, 50 orders sent')
    expect(stdout).toContain(
      'version 3 adds customer, without a default: refused before any record',
    )
    expect(stdout).toContain("the field 'customer' of the new schema has no default value")
    expect(stdout).toContain('✔ version 2 reads the 50 orders of version 1, with its default')
    expect(stdout).toContain('✔ version 3 was refused, and not one record was sent by it')
  })

  it('shows every delivery with -v, and figures that add up with --json', async () => {
    const { code, stdout } = await posthaste(['demo', '-v', '--json', '-X', 'compression.type=lz4'])
    expect(code).toBe(0)
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line))
    const summary = lines.pop()
    expect(lines).toHaveLength(1_200)
    const offsets = new Map<number, number>()
    for (const { partition, offset } of lines) {
      expect(offset).toBe(offsets.get(partition) ?? 0)
      offsets.set(partition, offset + 1)
    }
    expect(summary).toMatchObject({ delivered: 1_200, failed: 0 })
    expect(summary.partitions).toEqual(Object.fromEntries(offsets))
    expect(summary.checks).toHaveLength(10)
    expect(summary.readers).toEqual({
      dashboard: 1_200,
      'fraud-check': 1_200,
      'warehouse-1': 1_150,
      'warehouse-2': 50,
    })
    expect(summary.checks.every((check: { holds: boolean }) => check.holds)).toBe(true)
  })

  it('runs on another cluster, and leaves it as it was', async () => {
    await using cluster = await EmbeddedCluster.start()
    const { code } = await posthaste(['demo', '-q', '-b', cluster.bootstrapServers])
    expect(code).toBe(0)
    const topics = await posthaste(['topics', 'list', '-b', cluster.bootstrapServers])
    expect(topics.stdout).toBe('')
    const groups = await posthaste(['groups', 'list', '-b', cluster.bootstrapServers])
    expect(groups.stdout).toBe('')
  })
})
