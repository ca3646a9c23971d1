import { pbkdf2, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { ConfigError } from '../errors.ts'
import { AlterUserScramCredentials, DescribeUserScramCredentials } from '../protocol/index.ts'
import { type CallOptions, Errand, type Office } from './errand.ts'
import { type ItemResult, itemResult } from './result.ts'

const mechanisms = { 'SCRAM-SHA-256': 1, 'SCRAM-SHA-512': 2 } as const
const hashes = {
  'SCRAM-SHA-256': { name: 'sha256', bytes: 32 },
  'SCRAM-SHA-512': { name: 'sha512', bytes: 64 },
} as const

const LEAST_ITERATIONS = 4096
const MOST_ITERATIONS = 16_384
const SALT_BYTES = 24

/** `SCRAM-SHA-256` or `SCRAM-SHA-512`. */
export type ScramMechanism = keyof typeof mechanisms

/** What a cluster knows of a user's credentials; never the credentials themselves. */
export interface ScramCredential {
  readonly mechanism: ScramMechanism
  readonly iterations: number
}

/** A password to be set. It does not leave this process: the broker gets what is derived of it. */
export interface NewScramCredential {
  readonly user: string
  readonly mechanism: ScramMechanism
  readonly password: string | Uint8Array
  /** From 4096 to 16384; 8192 if left out. More make a stolen credential dearer to guess from. */
  readonly iterations?: number | undefined
}

/** A user's credentials for one mechanism. */
export interface ScramDeletion {
  readonly user: string
  readonly mechanism: ScramMechanism
}

interface User {
  readonly user: string
}

const derive = promisify(pbkdf2)

/** Users with passwords (SCRAM, KIP-554): `admin.scram`. */
export class Scram {
  readonly #office: Office

  constructor(office: Office) {
    this.#office = office
  }

  /**
   * Which credentials users have; of all users, where none are named. One result each; a named user
   * without any fails with RESOURCE_NOT_FOUND.
   *
   * @example
   * for (const result of await admin.scram.describe()) console.log(result.user, orThrow(result))
   */
  async describe(
    users?: readonly string[],
    options?: CallOptions,
  ): Promise<ItemResult<ScramCredential[], User>[]> {
    const errand = new Errand(this.#office, options)
    const asked = users?.map(name => ({ name })) ?? null
    const { results } = await errand.any(DescribeUserScramCredentials, { users: asked })
    const byUser = new Map(results.map(each => [each.user, each]))
    const at = { api: DescribeUserScramCredentials.name }
    return (users ?? [...byUser.keys()].sort()).map(user => {
      const answer = byUser.get(user)
      const infos = answer?.credentialInfos ?? []
      const found = infos.toSorted((a, b) => a.mechanism - b.mechanism)
      const credentials = found.map(({ mechanism, iterations }) => ({
        mechanism: mechanism === 1 ? ('SCRAM-SHA-256' as const) : ('SCRAM-SHA-512' as const),
        iterations,
      }))
      return itemResult({ user }, answer, at, credentials)
    })
  }

  /**
   * Sets and deletes credentials. One result each, first of `upsert`, then of `delete`. A request
   * may name a user once: several changes to one user travel one after the other.
   *
   * @example
   * await admin.scram.alter({
   *   upsert: [{ user: 'alice', mechanism: 'SCRAM-SHA-512', password: 'correct horse' }],
   * })
   */
  async alter(
    changes: {
      readonly upsert?: readonly NewScramCredential[]
      readonly delete?: readonly ScramDeletion[]
    },
    options?: CallOptions,
  ): Promise<ItemResult<void, ScramDeletion>[]> {
    const errand = new Errand(this.#office, options)
    const { upsert = [], delete: deletions = [] } = changes
    const all: Alteration[] = [
      ...(await Promise.all(upsert.map(upsertion))),
      ...deletions.map(({ user, mechanism }) => ({ user, mechanism, upsertion: undefined })),
    ]
    const results = new Map<Alteration, ItemResult<void, ScramDeletion>>()
    for (const round of roundsOf(all)) {
      for (const [alteration, result] of await alterOnce(errand, round)) {
        results.set(alteration, result)
      }
    }
    return all.flatMap(alteration => results.get(alteration) ?? [])
  }
}

interface Alteration extends ScramDeletion {
  /** As the request has it; undefined for a deletion. */
  readonly upsertion:
    | { readonly iterations: number; readonly salt: Buffer; readonly saltedPassword: Buffer }
    | undefined
}

/** The first changes to each user, then the second ones, and so on. */
function roundsOf(alterations: readonly Alteration[]): Alteration[][] {
  const rounds: Alteration[][] = []
  const seen = new Map<string, number>()
  for (const alteration of alterations) {
    const round = seen.get(alteration.user) ?? 0
    seen.set(alteration.user, round + 1)
    rounds[round] = [...(rounds[round] ?? []), alteration]
  }
  return rounds
}

async function alterOnce(
  errand: Errand,
  round: readonly Alteration[],
): Promise<[Alteration, ItemResult<void, ScramDeletion>][]> {
  const request = {
    upsertions: round.flatMap(({ user: name, mechanism, upsertion }) =>
      upsertion ? [{ name, mechanism: mechanisms[mechanism], ...upsertion }] : [],
    ),
    deletions: round.flatMap(({ user: name, mechanism, upsertion }) =>
      upsertion ? [] : [{ name, mechanism: mechanisms[mechanism] }],
    ),
  }
  const answer = await errand.controller(AlterUserScramCredentials, request, ({ results }) =>
    results.map(({ errorCode }) => errorCode),
  )
  const at = { api: AlterUserScramCredentials.name }
  return round.map(alteration => {
    const { user, mechanism } = alteration
    const own = answer.results.find(each => each.user === user)
    return [alteration, itemResult({ user, mechanism }, own, at, undefined)]
  })
}

/** The salted password is derived off the event loop. */
async function upsertion({
  user,
  mechanism,
  password,
  iterations = 8192,
}: NewScramCredential): Promise<Alteration> {
  const isRight = Number.isInteger(iterations) && iterations >= LEAST_ITERATIONS
  if (!isRight || iterations > MOST_ITERATIONS) {
    throw new ConfigError(
      `iterations of user ${user} must be ${LEAST_ITERATIONS} to ${MOST_ITERATIONS}, ` +
        `got ${iterations}`,
    )
  }
  if (password.length === 0) throw new ConfigError(`the password of user ${user} is empty`)
  const salt = randomBytes(SALT_BYTES)
  const { name, bytes } = hashes[mechanism]
  const saltedPassword = await derive(password, salt, iterations, bytes, name)
  return { user, mechanism, upsertion: { iterations, salt, saltedPassword } }
}
