import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { buildPage } from '../../scripts/build-page.ts'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { type Dashboard, type PageOptions, servePage } from '../../src/dashboard/index.ts'
import { silentLogger } from '../../src/logger.ts'
import { root } from '../support/cache.ts'

let building: Promise<string> | undefined

/** The folder of the page as its sources are now. */
export function builtPage(): Promise<string> {
  const folder = join(root, '.cache', `page-${process.pid}`)
  building ??= buildPage(folder).then(() => folder)
  return building
}

/** A page over a cluster of its own, both gone when the test is over. */
export async function served(
  options: Partial<PageOptions> = {},
): Promise<{ cluster: EmbeddedCluster; page: Dashboard; url: string }> {
  const cluster = await EmbeddedCluster.start({ brokers: 3, logger: silentLogger })
  const settings = { 'bootstrap.servers': cluster.bootstrapServers, logger: silentLogger }
  const page = await servePage({
    settings,
    theatre: { settings, cluster },
    isMine: () => true,
    title: 'a test',
    page: await builtPage(),
    ...options,
  })
  onTestFinished(async () => {
    await page.close()
    await cluster.stop()
  })
  return { cluster, page, url: page.url.replace(/\/(\?.*)?$/, '') }
}
