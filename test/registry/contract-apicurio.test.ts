import { describeWithApicurio, startApicurio } from '../support/apicurio.ts'
import { registryContract } from './contract.ts'

describeWithApicurio('the client on Apicurio Registry', () => {
  registryContract(startApicurio, {
    judges: true,
    verboseReasons: false,
    guids: false,
    countsDeletedTwice: true,
    compatibilityOnceDeleted: 'NONE',
  })
})
