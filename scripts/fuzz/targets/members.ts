import { randomBelow } from '../../../src/base/random.ts'
import { decodeAssignment, decodeSubscription } from '../../../src/consumer/group/subscription.ts'
import {
  ConsumerProtocolAssignment,
  ConsumerProtocolSubscription,
  decodeVersioned,
} from '../../../src/protocol/index.ts'
import { WireError } from '../../../src/wire/reader.ts'
import { mutated } from '../mutate.ts'
import type { Target } from '../target.ts'
import { messageSpecimen } from './messages.ts'

const kinds = [ConsumerProtocolSubscription, ConsumerProtocolAssignment]

/** What members of a group say of themselves, and what its leader gives them. */
export const membersTarget: Target = {
  name: 'members',
  weight: 3,
  mayAllocate: input => 65_536 + 8 * input.length,
  input(random) {
    const some = () => {
      const message = kinds[randomBelow(random, kinds.length)]!
      const version = randomBelow(random, message.versions[1] + 1)
      const { bytes, marks } = messageSpecimen(message, version, randomBelow(random, 8))
      const head = Buffer.alloc(2)
      head.writeInt16BE(version)
      return { bytes: Buffer.concat([head, bytes]), marks: [0, ...marks.map(at => at + 2)] }
    }
    return mutated(some(), random, some)
  },
  feed(input) {
    for (const decode of [decodeSubscription, decodeAssignment, ofCoordinator]) {
      try {
        decode(input)
      } catch (error) {
        if (!(error instanceof WireError)) throw error
      }
    }
  },
}

function ofCoordinator(bytes: Buffer): void {
  decodeVersioned(ConsumerProtocolSubscription, bytes)
}
