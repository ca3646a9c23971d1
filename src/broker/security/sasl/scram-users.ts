import type { ScramCredential, ScramMechanismName } from './scram-credential.ts'

/** A credential as a snapshot keeps it, in base64. */
export interface KeptScramCredential {
  readonly user: string
  readonly mechanism: string
  readonly iterations: number
  readonly salt: string
  readonly storedKey: string
  readonly serverKey: string
}

/** Who has a password by which mechanism. To be changed by `ClusterState`, which keeps it. */
export class ScramUsers {
  readonly #byUser = new Map<string, Map<ScramMechanismName, ScramCredential>>()

  constructor(kept: readonly KeptScramCredential[] = []) {
    for (const { user, mechanism, iterations, ...keys } of kept) {
      if (mechanism !== 'SCRAM-SHA-256' && mechanism !== 'SCRAM-SHA-512') continue
      const [salt, storedKey, serverKey] = [keys.salt, keys.storedKey, keys.serverKey].map(text =>
        Buffer.from(text, 'base64'),
      )
      this.set(user, mechanism, {
        iterations,
        salt: salt!,
        storedKey: storedKey!,
        serverKey: serverKey!,
      })
    }
  }

  names(): string[] {
    return [...this.#byUser.keys()]
  }

  get(user: string, mechanism: ScramMechanismName): ScramCredential | undefined {
    return this.#byUser.get(user)?.get(mechanism)
  }

  of(user: string): ReadonlyMap<ScramMechanismName, ScramCredential> {
    return this.#byUser.get(user) ?? new Map()
  }

  set(user: string, mechanism: ScramMechanismName, credential: ScramCredential): void {
    const own = this.#byUser.get(user) ?? new Map<ScramMechanismName, ScramCredential>()
    this.#byUser.set(user, own.set(mechanism, credential))
  }

  delete(user: string, mechanism: ScramMechanismName): void {
    const own = this.#byUser.get(user)
    own?.delete(mechanism)
    if (own?.size === 0) this.#byUser.delete(user)
  }

  /** For the snapshot. */
  kept(): KeptScramCredential[] {
    return [...this.#byUser].flatMap(([user, own]) =>
      Array.from(own, ([mechanism, { iterations, salt, storedKey, serverKey }]) => ({
        user,
        mechanism,
        iterations,
        salt: salt.toString('base64'),
        storedKey: storedKey.toString('base64'),
        serverKey: serverKey.toString('base64'),
      })),
    )
  }
}
