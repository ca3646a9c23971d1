import type { BatchModel, Model, ProducerModel } from '../../trace/index.ts'
import { cut } from './lines.ts'

/** How things stand inside, drawn: the waiting room, the batches, what flies, the logs. */
export function pictureLines(model: Model, width: number): string[] {
  return [
    ...Object.values(model.producers).flatMap(producerLines),
    ...Object.values(model.consumers).map(({ name, group, share, handed }) => {
      const has = group === '' ? '' : `  has ${share.join(' ') || 'nothing'}`
      return `${name}${has}  ${handed} read`
    }),
    ...Object.values(model.logs).map(({ topic, partition, entries, end }) => {
      const cells = entries.map(({ is, records }) =>
        is === 'batch' ? '■'.repeat(Math.min(records, 12)) : is === 'commit' ? '✔' : '✘',
      )
      return `${topic} [${partition}]  ${cells.join(' ')}  ends at ${end}`
    }),
  ].map(line => cut(line, width))
}

function producerLines(producer: ProducerModel): string[] {
  const { name, state, queued, bufferBytes, bufferLimit, refused, waited } = producer
  const room = refused + waited > 0 ? `  buffer ${bufferBytes} of ${bufferLimit}` : ''
  const of = producer.transaction === undefined ? '' : `, transaction ${producer.transaction}`
  return [
    `${name} (${state}${of})  ${queued} queued${room}`,
    ...Object.values(producer.batches).slice(-6).map(batchLine),
  ]
}

const marks: Readonly<Record<string, string>> = {
  open: '┆',
  closing: '▒',
  ready: '│',
  inFlight: '→',
  delivered: '✔',
  failed: '✘',
}

function batchLine({ batch, topic, partition, phase, records, ...rest }: BatchModel): string {
  const mark = marks[phase] ?? ' '
  const cells = '□'.repeat(Math.min(records, 12)) + (records > 12 ? `+${records - 12}` : '')
  const sequence = rest.baseSequence < 0 ? '' : `  seq ${rest.baseSequence}`
  const again = rest.sends > 1 ? `, sent ${rest.sends}×` : ''
  const where = rest.baseOffset < 0 ? '' : ` @ ${rest.baseOffset}`
  const name = phase === 'inFlight' ? 'in flight' : phase
  return `  ${mark} ${cells}${mark} batch ${batch}, ${name}${again}${sequence}  ${topic} [${partition}]${where}`
}
