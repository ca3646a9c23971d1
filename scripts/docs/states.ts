import type { Moves } from '../../src/base/machine.ts'
import { classicMoves } from '../../src/consumer/group/classic.ts'
import { nextMoves } from '../../src/consumer/group/next.ts'
import { partitionMoves } from '../../src/consumer/partition.ts'
import { batchMoves } from '../../src/producer/batch.ts'
import { identityMoves } from '../../src/producer/identity.ts'
import { transactionMoves } from '../../src/producer/transaction.ts'

type AnyMoves = Moves<{ readonly is: string }>

const machines: readonly (readonly [string, string, AnyMoves])[] = [
  ['A batch', 'src/producer/batch.ts', batchMoves],
  ['The identity of an idempotent producer', 'src/producer/identity.ts', identityMoves],
  ['A transactional producer', 'src/producer/transaction.ts', transactionMoves],
  ['A partition of a consumer', 'src/consumer/partition.ts', partitionMoves],
  ['A member of a classic group', 'src/consumer/group/classic.ts', classicMoves],
  ['A member of a KIP-848 group', 'src/consumer/group/next.ts', nextMoves],
]

/** docs/states.md: a diagram of each transition table. */
export function statesPage(): string {
  const parts = machines.flatMap(([title, file, moves]) => [
    `## ${title}`,
    '',
    `From the table in \`${file}\`.`,
    '',
    ...diagram(moves),
    '',
  ])
  return [
    '# States',
    '',
    'Made from the transition tables by `npm run docs`, so that they can not lie. Each move is also an',
    'event (src/events.ts). A move that its table lacks is a bug of ours, and throws.',
    '',
    ...parts,
  ].join('\n')
}

function diagram(moves: AnyMoves): string[] {
  const states = Object.keys(moves)
  const lines = Object.entries(moves).flatMap(([from, targets]) =>
    targets.length === 0 ? [`  ${from} --> [*]`] : targets.map(to => `  ${from} --> ${to}`),
  )
  return ['```mermaid', 'stateDiagram-v2', `  [*] --> ${states[0]}`, ...lines, '```']
}
