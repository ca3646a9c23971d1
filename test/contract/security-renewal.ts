import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Consumer, listen, Producer, type ProducerOptions, silentLogger } from '../../src/index.ts'
import { freshName } from '../support/kafka.ts'
import { waitFor } from '../support/wait.ts'
import { letIn } from './admin-client.ts'
import { type ListenerName, PASSWORDS, type SecureKafka, SOAK_SECONDS } from './security-kafka.ts'
import { CLIENT } from './security-oidc.ts'

const limits = { timeout: 120_000 + SOAK_SECONDS * 1_500 }

/** What happens while records flow: once, or again and again for as long as was asked for. */
async function repeatedly(round: () => Promise<unknown>): Promise<void> {
  const end = Date.now() + SOAK_SECONDS * 1_000
  await round()
  while (Date.now() < end) {
    await pause(5_000)
    await round()
  }
}

/** Counts what the connections of one client go through. */
function watch(clientId: string) {
  const seen = { again: 0, opened: 0, closed: 0 }
  const stop = listen('connection:moved', ({ source, from, to }) => {
    if (source.clientId !== clientId) return
    if (from === 'ready' && to === 'authenticating') seen.again++
    if (from === 'dialling') seen.opened++
    if (to === 'closed') seen.closed++
  })
  return { seen, stop }
}

/**
 * Records that flow without a pause, 5,000 a second, out and in, until `enough` holds: none may
 * fail, none may be missing, doubled or out of order at the end.
 */
async function flow(
  kafka: SecureKafka,
  listener: ListenerName,
  settings: ProducerOptions,
  enough: (seen: ReturnType<typeof watch>['seen']) => Promise<unknown>,
): Promise<void> {
  const topic = freshName(`renewal-${listener}`)
  const common = { 'bootstrap.servers': kafka.at(listener), 'client.id': topic, ...settings }
  const producer = new Producer(common)
  await producer.send({ topic, partition: 0, value: '0' })
  const consumer = new Consumer(common)
  await consumer.assign([{ topic, partition: 0, offset: 0 }])
  const failures: Error[] = []
  const values: number[] = []
  let sent = 1
  let over = false
  const reading = (async () => {
    for await (const { value } of consumer) {
      values.push(Number(value))
      if (over && values.length >= sent) break
    }
  })()
  await waitFor('the first record', () => values.length > 0)
  const { seen, stop } = watch(topic)
  const begun = Date.now()
  const beat = setInterval(() => {
    const due = 5 * (Date.now() - begun)
    while (sent < due) {
      producer.produce({ topic, partition: 0, value: String(sent++) }, error => {
        if (error) failures.push(error)
      })
    }
  }, 10)
  try {
    await Promise.all([enough(seen), pause(SOAK_SECONDS * 1_000)])
  } finally {
    clearInterval(beat)
  }
  expect(await producer.flush(20_000)).toBe(0)
  over = true
  await producer.send({ topic, partition: 0, value: String(sent++) })
  await reading
  stop()
  await producer.close()
  await consumer.close()
  expect(failures).toEqual([])
  expect(values.findIndex((value, i) => value !== i)).toBe(-1)
  expect(values).toHaveLength(sent)
  if (SOAK_SECONDS > 0) process.stdout.write(`${topic}: ${sent} records, ${JSON.stringify(seen)}\n`)
}

/**
 * Waits for so many renewals, over connections that stand since before the count began. A machine
 * that is busy may let a session run out now and then: the broker then hangs up, and that must not
 * show either.
 */
function renewed(seen: ReturnType<typeof watch>['seen'], times: number): Promise<boolean> {
  return waitFor(`${times} renewals, most over the same connection`, () => {
    return seen.again >= times && seen.closed < seen.again / 2
  })
}

/** What must not reach the program: sessions that end, names that change, files that turn. */
export function renewals(kafka: () => SecureKafka): void {
  const brief = { 'security.protocol': 'sasl_plaintext' } as const

  test('sessions that end are renewed over the same connections', limits, async () => {
    const settings = { ...brief, 'sasl.mechanism': 'SCRAM-SHA-256' }
    const user = { 'sasl.username': 'alice', 'sasl.password': PASSWORDS.alice }
    await flow(kafka(), 'brief', { ...settings, ...user }, seen => renewed(seen, 6))
  })

  test('so are those of a provider, whose tokens end sooner than the test', limits, async () => {
    const { oidc } = kafka()
    const before = oidc.tokens
    const settings = {
      ...brief,
      'sasl.mechanism': 'OAUTHBEARER',
      'sasl.oauthbearer.token.endpoint.url': oidc.tokenUrl,
      'sasl.oauthbearer.client.id': CLIENT.id,
      'sasl.oauthbearer.client.secret': CLIENT.secret,
    }
    await flow(kafka(), 'brief', settings, async seen => {
      await waitFor('four tokens, two for each client', () => oidc.tokens - before >= 4)
      await renewed(seen, 4)
    })
  })

  test('a name that changes gets a new connection, which nobody notices', limits, async () => {
    const { oidc } = kafka()
    let names = 0
    const settings = {
      ...brief,
      'sasl.mechanism': 'OAUTHBEARER',
      'sasl.oauthbearer.token': async () => ({
        value: await oidc.sign({ sub: `name-${names++}` }),
        expiresAt: 1,
      }),
      logger: silentLogger,
    }
    await flow(kafka(), 'brief', settings, seen =>
      // One more where a session ran out on a busy machine, before its name could be proved again.
      waitFor('six connections that took over', () => seen.opened >= 6 && seen.again >= 6),
    )
  })

  test('a password that is changed at the broker first is waited for', limits, async () => {
    const change = (password: string) => kafka().setPassword('rotating', password)
    await change('first')
    // The broker hears of it in its own time, and refuses whoever comes before.
    await letIn({
      'bootstrap.servers': kafka().at('brief'),
      ...brief,
      'sasl.mechanism': 'SCRAM-SHA-256',
      'sasl.username': 'rotating',
      'sasl.password': 'first',
    })
    let password = 'first'
    let changes = 0
    let refused = 0
    const settings = {
      ...brief,
      'sasl.mechanism': 'SCRAM-SHA-256',
      'sasl.credentials': () => ({ username: 'rotating', password }),
      logger: {
        log: (_: string, event: string) => {
          if (event === 'connection.refused') refused++
        },
      },
    }
    await flow(kafka(), 'brief', settings, seen =>
      repeatedly(async () => {
        const before = { ...seen, refused }
        const next = `secret ${++changes}`
        await waitFor('a renewal', () => seen.again > before.again)
        await change(next)
        await waitFor('a refusal', () => refused > before.refused)
        password = next
        const renewed = seen.again
        await waitFor('renewals with the new one', () => seen.again >= renewed + 2)
      }),
    )
  })

  test('files that turn give new connections, when they are whole', limits, async () => {
    const [key, certificate] = ['turning.key', 'turning.crt'].map(name =>
      join(kafka().folder, name),
    )
    const first = kafka().issue('first')
    await writeFile(key!, first.key)
    await writeFile(certificate!, first.certificate)
    const settings = {
      'security.protocol': 'ssl',
      'ssl.ca.location': join(kafka().folder, 'authority.pem'),
      'ssl.key.location': key,
      'ssl.certificate.location': certificate,
    } as const
    let unusable = 0
    const logger = {
      log: (_: string, event: string) => {
        if (event === 'tls.files.unusable') unusable++
      },
    }
    await flow(kafka(), 'mtls', { ...settings, logger }, seen =>
      repeatedly(async () => {
        const before = { ...seen, unusable }
        const next = kafka().issue('next')
        await writeFile(key!, next.key)
        await waitFor('a key without its certificate', () => unusable > before.unusable)
        // Later on, one that nobody needs at once may still be on its way from the round before.
        if (before.opened === 0) expect(seen).toEqual({ again: 0, opened: 0, closed: 0 })
        await writeFile(certificate!, next.certificate)
        await waitFor('connections to be replaced', () => {
          return seen.opened >= before.opened + 2 && seen.closed >= before.closed + 2
        })
      }),
    )
  })
}
