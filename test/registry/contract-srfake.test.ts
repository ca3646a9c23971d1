import { describeWithSrfake, startSrfake } from '../support/srfake.ts'
import { registryContract } from './contract.ts'

describeWithSrfake('the client on srfake', () => {
  registryContract(startSrfake, {
    judges: false,
    verboseReasons: false,
    guids: true,
    countsDeletedTwice: false,
    compatibilityOnceDeleted: 'BACKWARD',
  })
})
