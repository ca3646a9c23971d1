import type { Moves } from '../../src/base/machine.ts'
import { batchMoves } from '../../src/producer/batch.ts'
import { identityMoves } from '../../src/producer/identity.ts'
import { transactionMoves } from '../../src/producer/transaction.ts'

type AnyMoves = Moves<{ readonly is: string }>

const machines: readonly (readonly [string, string, AnyMoves])[] = [
  ['A batch', 'src/producer/batch.ts', batchMoves],
  ['The identity of an idempotent producer', 'src/producer/identity.ts', identityMoves],
  ['A transactional producer', 'src/producer/transaction.ts', transactionMoves],
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
