import { describeWithApicurio, startApicurio } from '../support/apicurio.ts'
import { registryContract } from './contract.ts'

describeWithApicurio('the client on Apicurio Registry', () => {
  registryContract(startApicurio, {
    verboseReasons: false,
    guids: false,
    unknownVersion: 'VERSION_NOT_FOUND',
    permanentAtOnce: true,
    listsDeleted: false,
    countsDeletedTwice: true,
    compatibilityOnceDeleted: 'NONE',
  })
})
