/**
 * DescribeUserScramCredentials, version 0.
 *
 * - Which mechanisms users have passwords for, and with how many iterations; null or no names mean
 *   all. A user without any is RESOURCE_NOT_FOUND, one who is named twice DUPLICATE_RESOURCE.
 */
import { DescribeUserScramCredentials } from '../../protocol/messages/index.ts'
import type { ResponseInput } from '../../protocol/schema/api.ts'
import { on } from '../handler.ts'
import { SCRAM_MECHANISMS } from '../security/sasl/scram-credential.ts'
import type { ScramUsers } from '../security/sasl/scram-users.ts'
import { code } from './answers.ts'

type Result = ResponseInput<typeof DescribeUserScramCredentials>['results'][number]

export const describeUserScramCredentials = on(
  DescribeUserScramCredentials,
  [0, 0],
  async ({ users }, { cluster }) => {
    const { scram } = cluster.security
    const asked = users?.map(({ name }) => name) ?? []
    const names = asked.length === 0 ? scram.names() : asked
    const results = [...new Set(names)].map(name => {
      const isTwice = names.indexOf(name) !== names.lastIndexOf(name)
      return isTwice ? duplicate(name) : describe(name, scram)
    })
    return { errorCode: 0, errorMessage: null, results }
  },
)

function describe(user: string, scram: ScramUsers): Result {
  const own = scram.of(user)
  if (own.size === 0) {
    const errorMessage = `Attempt to describe a user credential that does not exist: ${user}`
    return { user, errorCode: code('RESOURCE_NOT_FOUND'), errorMessage, credentialInfos: [] }
  }
  const credentialInfos = SCRAM_MECHANISMS.flatMap(({ name, id: mechanism }) => {
    const credential = own.get(name)
    return credential ? [{ mechanism, iterations: credential.iterations }] : []
  })
  return { user, errorCode: 0, errorMessage: null, credentialInfos }
}

function duplicate(user: string): Result {
  const twice = 'the same user twice in a single request'
  const errorMessage = `Cannot describe SCRAM credentials for ${twice}: ${user}`
  return { user, errorCode: code('DUPLICATE_RESOURCE'), errorMessage, credentialInfos: [] }
}
