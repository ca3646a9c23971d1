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
      const found = answer?.credentialInfos ?? []
      const credentials = found.map(({ mechanism, iterations }) => ({
        mechanism: mechanism === 1 ? ('SCRAM-SHA-256' as const) : ('SCRAM-SHA-512' as const),
        iterations,
      }))
      return itemResult({ user }, answer, at, credentials)
    })
  }

  /**
   * Sets and deletes credentials. One result for each user, in the order in which they are first
   * named: a user's changes are made all or not at all.
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
  ): Promise<ItemResult<void, User>[]> {
    const errand = new Errand(this.#office, options)
    const { upsert = [], delete: deletions = [] } = changes
    const request = {
      upsertions: await Promise.all(upsert.map(upsertion)),
      deletions: deletions.map(({ user, mechanism }) => ({
        name: user,
        mechanism: mechanisms[mechanism],
      })),
    }
    const answer = await errand.controller(AlterUserScramCredentials, request, ({ results }) =>
      results.map(({ errorCode }) => errorCode),
    )
    const users = new Set([...upsert, ...deletions].map(({ user }) => user))
    const at = { api: AlterUserScramCredentials.name }
    return [...users].map(user => {
      const own = answer.results.find(each => each.user === user)
      return itemResult({ user }, own, at, undefined)
    })
  }
}

/** The salted password is derived off the event loop. */
async function upsertion({ user, mechanism, password, iterations = 8192 }: NewScramCredential) {
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
  return { name: user, mechanism: mechanisms[mechanism], iterations, salt, saltedPassword }
}
