import { describeWithApicurio, startApicurio } from '../support/apicurio.ts'
import { serdeMatrix } from './matrix.ts'

describeWithApicurio(
  'serdes and those of confluent-kafka for Python, over Apicurio Registry',
  () => {
    serdeMatrix(startApicurio, { guids: false })
  },
)
