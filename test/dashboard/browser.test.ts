import { readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, test, vi } from 'vitest'
import { Publisher } from '../../src/events.ts'
import { Admin, Consumer, orThrow, Producer } from '../../src/index.ts'
import { scenarios } from '../../src/trace/index.ts'
import { waitFor } from '../support/wait.ts'
import { startChromium } from './chromium.ts'
import { builtPage, served } from './served.ts'

// A browser of several processes is slow to paint on a busy machine.
const PATIENCE_MS = 60_000
vi.setConfig({ testTimeout: 4 * PATIENCE_MS })

let browser: Browser
let axe: string
beforeAll(async () => {
  browser = await startChromium()
  axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
  await builtPage()
})
afterAll(async () => {
  await browser?.close()
  await rm(await builtPage(), { recursive: true, force: true })
})

const wide = { width: 1440, height: 1000 }
const narrow = { width: 390, height: 844 }

/** A tab; whatever it complains of, and whoever else it asks, fails the test. */
async function tab(
  address: string,
  options: BrowserContextOptions = {},
  script = '',
): Promise<Page> {
  const context = await browser.newContext({ viewport: wide, bypassCSP: false, ...options })
  context.setDefaultTimeout(PATIENCE_MS)
  await context.addInitScript(script)
  const page = await context.newPage()
  const { host } = new URL(address)
  const wrong: string[] = []
  page.on('pageerror', error => wrong.push(error.message))
  page.on('console', message => {
    if (message.type() === 'error') wrong.push(message.text())
  })
  page.on('request', request => {
    const { host: asked, protocol } = new URL(request.url())
    if (asked !== host && protocol !== 'data:') wrong.push(`asked ${request.url()}`)
  })
  onTestFinished(async () => {
    await context.close()
    expect(wrong).toEqual([])
  })
  await page.goto(address)
  return page
}

/** The last offsets of the partitions of a cluster, by `topic/partition`. */
async function endsOf(bootstrapServers: string): Promise<Map<string, number>> {
  using admin = new Admin({ 'bootstrap.servers': bootstrapServers })
  const topics = await admin.topics.list()
  const slots = topics.flatMap(({ name: topic, partitions }) =>
    partitions.map(({ partition }) => ({ topic, partition, at: 'latest' as const })),
  )
  const found = await admin.records.offsets(slots)
  return new Map(found.map(each => [`${each.topic}/${each.partition}`, orThrow(each).offset]))
}

/** The slots that the page shows, with the ends that it shows. */
const slotsOn = (page: Page) =>
  page.$$eval('[data-slot][data-end]', all =>
    all.map(each => [each.getAttribute('data-slot'), Number(each.getAttribute('data-end'))]),
  )

const countOn = async (page: Page, name: string) => {
  const values = await page.$$eval(`[data-count="${name}"]`, all =>
    all.map(each => Number(each.getAttribute('data-value'))),
  )
  return values.reduce((sum, each) => sum + each, 0)
}

describe.each(scenarios.map(({ name }) => [name] as const))('the scenario %s', name => {
  it('plays to its end, and the page says of the cluster what the cluster says', async () => {
    const { cluster, url } = await served()
    const page = await tab(`${url}/#trace/${name}`)
    await page.waitForSelector('.playing')
    await page.getByLabel('Speed').selectOption('32')
    await page.getByRole('button', { name: 'Play again' }).waitFor()
    const playing = page.locator('.playing')
    const steps = await playing.getAttribute('data-steps')
    expect(await playing.getAttribute('data-step')).toBe(steps)
    const shown = await slotsOn(page)
    const ends = await endsOf(cluster.bootstrapServers)
    expect(shown.length).toBeGreaterThan(0)
    for (const [slot, end] of shown) expect([slot, end]).toEqual([slot, ends.get(String(slot))])
    expect(await countOn(page, 'queued')).toBe(0)
    expect(await countOn(page, 'acknowledged')).toBeGreaterThan(0)
    const closed = await page.locator('[data-variable$="producer"] td:last-child').allTextContents()
    expect(new Set(closed)).toEqual(new Set(['closed']))
  })
})

test('is played by keys, and by hand', async () => {
  const { url } = await served()
  const page = await tab(`${url}/#trace/first-message`)
  const playing = page.locator('.playing')
  await playing.waitFor()
  const step = async () => Number(await playing.getAttribute('data-step'))
  await page.keyboard.press(' ')
  await page.getByRole('button', { name: 'Play', exact: true }).waitFor()
  const stood = await step()
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('ArrowRight')
  expect(await step()).toBe(stood + 2)
  await page.keyboard.press('ArrowLeft')
  expect(await step()).toBe(stood + 1)
  await page.getByRole('button', { name: 'Step', exact: true }).focus()
  await page.keyboard.press('Enter')
  expect(await step()).toBe(stood + 2)
  await page.getByRole('slider').fill('9')
  expect(await step()).toBe(9)
  expect(await page.locator('.now').textContent()).toContain('a record with key user-7')
  await page.keyboard.press('Tab')
  await page.reload()
  await page.keyboard.press('Tab')
  expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the content')
})

/** A machine so busy that whatever is put off a little comes after the show's next step. */
const LATE = `
  const soon = setTimeout
  window.setTimeout = (work, ms = 0, ...rest) => soon(work, ms < 100 ? 1_500 : ms, ...rest)
  window.requestAnimationFrame = work => soon(work, 1_500)
`

test('hears keys as soon as it is there, and stands still as soon as it says so', async () => {
  const { url } = await served()
  const page = await tab(`${url}/#trace/first-message`, {}, LATE)
  const playing = page.locator('.playing')
  await playing.waitFor()
  await page.keyboard.press(' ')
  await page.getByRole('button', { name: 'Play', exact: true }).waitFor()
  const stood = await playing.getAttribute('data-step')
  // A step takes half a second: this timer comes after any that was set for one.
  await page.evaluate('new Promise(resolve => setTimeout(resolve, 1_000))')
  expect(await playing.getAttribute('data-step')).toBe(stood)
})

/** What axe finds that keeps people out. */
async function faultsOf(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  const found = await page.evaluate('axe.run()')
  const { violations } = Object(found)
  return Object.values<Violation>(violations)
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}

interface Violation {
  readonly id: string
  readonly impact: string
  readonly nodes: readonly { readonly html: string }[]
}

describe.each([
  ['wide and light', { viewport: wide, colorScheme: 'light' }],
  ['wide and dark', { viewport: wide, colorScheme: 'dark' }],
  ['narrow and light', { viewport: narrow, colorScheme: 'light' }],
  ['narrow and dark', { viewport: narrow, colorScheme: 'dark' }],
] as const)('%s', (_, look) => {
  it('keeps nobody out, and needs no sideways scrolling', async () => {
    const { url, cluster } = await served()
    await using producer = new Producer({ 'bootstrap.servers': cluster.bootstrapServers })
    await producer.send({ topic: 'orders', key: 'ada', value: '{"a":[1]}', headers: { b: 'c' } })
    const groups = { 'group.id': 'billing', 'auto.offset.reset': 'earliest' }
    const settings = { 'bootstrap.servers': cluster.bootstrapServers, ...groups }
    await using consumer = new Consumer(settings)
    await consumer.subscribe(['orders'])
    for await (const message of consumer) if (message.key) break
    const page = await tab(`${url}/#trace/retry`, look)
    await page.waitForSelector('.playing')
    await page.getByRole('slider').fill('34')
    const views = ['trace/retry', 'live', 'messages', 'groups']
    const ready = ['.playing', '.events li, .events + *, .charts canvas', 'td pre', '[data-group]']
    for (const [i, view] of views.entries()) {
      await page.evaluate(`location.hash = '${view}'`)
      await page.locator(ready[i]!).first().waitFor()
      expect(await faultsOf(page)).toEqual([])
      const { scrollWidth, clientWidth } = await page
        .locator('html')
        .evaluate(({ scrollWidth, clientWidth }) => ({ scrollWidth, clientWidth }))
      expect(scrollWidth).toBe(clientWidth)
    }
  })
})

test('shows itself and its charts in a browser whose language is no tag', async () => {
  const { url } = await served()
  const posix = `Object.defineProperty(navigator, 'language', {
    value: 'en-US@posix',
    configurable: true,
  })`
  const page = await tab(`${url}/#live`, {}, posix)
  await page.locator('.charts canvas').first().waitFor()
})

test('stands still for those who want no motion', async () => {
  const { url } = await served()
  const page = await tab(`${url}/#trace/first-message`, { reducedMotion: 'reduce' })
  await page.waitForSelector('.playing')
  const slider = page.getByRole('slider')
  const steps = Number(await page.locator('.playing').getAttribute('data-steps'))
  const plane = page.locator('.plane')
  for (let step = 1; step <= steps && (await plane.count()) === 0; step++) {
    await slider.fill(String(step))
  }
  const animation = await page.evaluate(
    "getComputedStyle(document.querySelector('.plane')).animationName",
  )
  expect(animation).toBe('none')
})

test('produces a record by its form, and shows it', async () => {
  const { url, cluster } = await served()
  await cluster.createTopic('orders', { partitions: 3 })
  const page = await tab(`${url}/#messages`)
  await page.getByRole('button', { name: 'orders' }).waitFor()
  await page.getByLabel('Key').fill('ada')
  await page.getByLabel('Value').fill('{"book":1}')
  await page.getByLabel('Headers').fill('source=page, no=1')
  await page.getByRole('button', { name: 'Produce', exact: true }).click()
  const words = page.getByText(/Stored: orders \[\d\] @ 0/)
  await words.waitFor()
  const partition = /\[(\d)\]/.exec((await words.textContent()) ?? '')?.[1]
  await page.getByLabel('Slot').first().selectOption(partition!)
  await page.locator('td pre').waitFor()
  expect(await page.locator('td pre').textContent()).toBe('{\n  "book": 1\n}')
  expect(await page.locator('table.records').textContent()).toContain('source: page')
  expect((await endsOf(cluster.bootstrapServers)).get(`orders/${partition}`)).toBe(1)
})

test('says that the cluster has gone, and goes on', async () => {
  const { url, cluster } = await served()
  const context = await browser.newContext()
  context.setDefaultTimeout(PATIENCE_MS)
  onTestFinished(() => context.close())
  const page = await context.newPage()
  await page.goto(`${url}/#groups`)
  await page.getByText('cluster up').waitFor()
  await cluster.stop()
  await page.getByText(/The cluster has not answered since/).waitFor()
  await page.getByRole('link', { name: 'Live' }).click()
  await page.getByRole('button', { name: 'Pause' }).waitFor()
})

test('samples a flood of events, says so, and stays small', async () => {
  const { url } = await served()
  const page = await tab(`${url}/#live`)
  const source = { instance: 1_000_000, clientId: 'flood' }
  const publisher = new Publisher(source, () => performance.now())
  const facts = { topic: 'flood', key: 'k', bytes: 100, batchBytes: 1_000, queued: 7 }
  let isOver = false
  let sent = 0
  const flood = async () => {
    while (!isOver) {
      for (let i = 0; i < 2_000; i++) {
        const batch = Math.floor(sent++ / 1_000)
        const batchRecords = sent % 1_000
        publisher.publish('record:appended', { ...facts, partition: i % 6, batch, batchRecords })
      }
      await new Promise(resolve => setImmediate(resolve))
    }
  }
  const flooding = flood()
  await page.getByText(/Sampled: 40 of [\d,]+ events shown/).waitFor()
  const many = () => sent > 500_000
  await waitFor('half a million events', many, { limitMs: 2 * PATIENCE_MS })
  const lines = await page.locator('.events li').count()
  expect(lines).toBeLessThanOrEqual(200)
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('HeapProfiler.collectGarbage')
  const { usedSize } = await devtools.send('Runtime.getHeapUsage')
  expect(usedSize).toBeLessThan(60 * 1024 * 1024)
  // It still hears of clicks.
  await page.getByRole('button', { name: 'Pause' }).click()
  await page.getByRole('button', { name: 'Go on' }).waitFor()
  isOver = true
  await flooding
})
