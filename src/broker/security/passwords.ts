import type { ClusterState } from '../model/cluster-state.ts'
import type { ListenerSecurity } from './options.ts'
import { credentialOf, SCRAM_MECHANISMS } from './sasl/scram-credential.ts'

/** Makes the users of SCRAM that the options of listeners name; no password is kept. */
export async function givePasswords(
  listeners: readonly ListenerSecurity[],
  cluster: ClusterState,
): Promise<void> {
  let hasChanged = false
  for (const { sasl } of listeners) {
    for (const { name } of SCRAM_MECHANISMS) {
      for (const [user, password] of Object.entries(sasl?.mechanisms[name]?.users ?? {})) {
        cluster.security.scram.set(user, name, await credentialOf(name, password))
        hasChanged = true
      }
    }
  }
  if (hasChanged) await cluster.save()
}
