/**
 * AlterUserScramCredentials, version 0.
 *
 * - Sets and deletes passwords, which count from the next login on. What is sent is salted already;
 *   kept is less than that, so that it proves nobody's identity (RFC 5802).
 * - One result a user: what is asked for a user whose request has a mistake is not done, whether
 *   the mechanism is unknown (UNSUPPORTED_SASL_MECHANISM), the iterations are out of bounds
 *   (UNACCEPTABLE_CREDENTIAL), there is nothing to delete (RESOURCE_NOT_FOUND), or the same is
 *   asked twice (DUPLICATE_RESOURCE).
 */
import type { ErrorName } from '../../protocol/errors.ts'
import {
  AlterUserScramCredentials,
  type AlterUserScramCredentialsRequest,
} from '../../protocol/messages/index.ts'
import { on } from '../handler.ts'
import {
  credentialOfSalted,
  ITERATIONS,
  SCRAM_MECHANISMS,
} from '../security/sasl/scram-credential.ts'
import type { ScramUsers } from '../security/sasl/scram-users.ts'
import { code } from './answers.ts'

type Deletion = AlterUserScramCredentialsRequest['deletions'][number]
type Upsertion = AlterUserScramCredentialsRequest['upsertions'][number]
type Problem = readonly [ErrorName, string]

export const alterUserScramCredentials = on(
  AlterUserScramCredentials,
  [0, 0],
  async ({ deletions, upsertions }, { cluster }) => {
    const { scram } = cluster.security
    const all = [...deletions, ...upsertions]
    const problems = new Map<string, Problem>()
    for (const each of all) {
      const problem = isTwice(each, all) ?? deletionProblem(each, scram) ?? problemOf(each)
      if (problem && !problems.has(each.name)) problems.set(each.name, problem)
    }
    const isGood = ({ name }: Deletion) => !problems.has(name)
    for (const deletion of deletions.filter(isGood)) {
      const { name } = mechanismOf(deletion)!
      scram.delete(deletion.name, name)
    }
    for (const upsertion of upsertions.filter(isGood)) {
      const { name } = mechanismOf(upsertion)!
      const { saltedPassword, salt, iterations } = upsertion
      // The request's bytes are views of a frame that may be used again.
      const [salted, own] = [Buffer.from(saltedPassword), Buffer.from(salt)]
      scram.set(upsertion.name, name, credentialOfSalted(name, salted, own, iterations))
    }
    await cluster.save()
    const users = [...new Set(all.map(({ name }) => name))]
    const results = users.map(user => {
      const [error, errorMessage] = problems.get(user) ?? [undefined, null]
      return { user, errorCode: error ? code(error) : 0, errorMessage }
    })
    return { results }
  },
)

function mechanismOf({ mechanism }: Deletion) {
  return SCRAM_MECHANISMS.find(({ id }) => id === mechanism)
}

function isTwice(each: Deletion, all: readonly Deletion[]): Problem | undefined {
  const same = all.filter(
    ({ name, mechanism }) => name === each.name && mechanism === each.mechanism,
  )
  const message = 'A user credential cannot be altered twice in the same request'
  return same.length > 1 ? ['DUPLICATE_RESOURCE', message] : undefined
}

function problemOf(each: Deletion | Upsertion): Problem | undefined {
  if (each.name === '') return ['UNACCEPTABLE_CREDENTIAL', 'Username must not be empty']
  if (!mechanismOf(each)) return ['UNSUPPORTED_SASL_MECHANISM', 'Unknown SCRAM mechanism']
  if (!('iterations' in each)) return undefined
  if (each.iterations < ITERATIONS.least) return ['UNACCEPTABLE_CREDENTIAL', 'Too few iterations']
  if (each.iterations > ITERATIONS.most) return ['UNACCEPTABLE_CREDENTIAL', 'Too many iterations']
  const isBlank = each.salt.length === 0 || each.saltedPassword.length === 0
  return isBlank ? ['UNACCEPTABLE_CREDENTIAL', 'Salt and password must not be empty'] : undefined
}

function deletionProblem(each: Deletion | Upsertion, scram: ScramUsers): Problem | undefined {
  const mechanism = mechanismOf(each)
  if ('iterations' in each || !mechanism || scram.get(each.name, mechanism.name)) return undefined
  const message = 'Attempt to delete a user credential that does not exist'
  return ['RESOURCE_NOT_FOUND', message]
}
