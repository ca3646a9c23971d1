import type {
  BatchModel,
  ConsumerModel,
  LogEntry,
  LogModel,
  Model,
  ProducerModel,
} from '../src/trace/model.ts'
import { slotOf } from '../src/trace/model.ts'

const CELLS = 24

const counted = (records: number) => `${records} ${records === 1 ? 'record' : 'records'}`
/** `topic/3` as `topic [3]`. */
const bracketed = (slot: string) => slot.replace(/\/(\d+)$/, ' [$1]')
const byPlace = (a: LogModel, b: LogModel) =>
  a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1

/** How things stand: the producers' waiting rooms, what flies, the logs, and who reads them. */
export function Stage({ model, isLive = false }: { model: Model; isLive?: boolean }) {
  const producers = Object.values(model.producers)
  const logs = Object.values(model.logs).toSorted(byPlace)
  const consumers = Object.values(model.consumers)
  return (
    <div class={isLive ? 'stage streaming' : 'stage'}>
      <section aria-label="Producers">
        <h2>Producers</h2>
        {producers.length === 0 && (
          <p class="nothing">No producer of this process has said anything yet.</p>
        )}
        {producers.map(producer => (
          <Producer key={producer.instance} producer={producer} most={isLive ? 1 : MOST_BATCHES} />
        ))}
      </section>
      <section aria-label="Requests on their way" class="air">
        <h2>On the way</h2>
        <Requests producers={producers} />
      </section>
      <section aria-label="Partitions of the cluster">
        <h2>Slots of the cluster</h2>
        {logs.length === 0 && <p class="nothing">Nothing has been stored yet.</p>}
        <ul class="logs">
          {logs.map(log => (
            <Log
              key={slotOf(log)}
              log={log}
              consumers={consumers}
              most={isLive ? 4 : MOST_PIECES}
            />
          ))}
        </ul>
      </section>
      {consumers.length > 0 && (
        <section aria-label="Consumers" class="wide">
          <h2>Consumers</h2>
          <div class="consumers">
            {consumers.map(consumer => (
              <Consumer key={consumer.instance} consumer={consumer} />
            ))}
          </div>
        </section>
      )}
    </div>
  )
}

/** What is shown of what is many: where things come fast, only the latest. */
const MOST_BATCHES = 12
const MOST_PIECES = 16

function Producer({ producer, most }: { producer: ProducerModel; most: number }) {
  const { name, state, transaction, producerId, producerEpoch, refused, waited } = producer
  const batches = Object.values(producer.batches)
  const slots = [...new Set(batches.map(slotOf))].sort()
  return (
    <article class="card">
      <h3>
        {name} <span class={`badge ${state}`}>{state}</span>
        {transaction && <span class={`badge tx-${transaction}`}>transaction {transaction}</span>}
      </h3>
      {producerId !== undefined && (
        <p class="small">
          producer id {producerId}, epoch {producerEpoch}
        </p>
      )}
      <dl class="counts">
        <Count name="queued" value={producer.queued} />
        <Count name="in flight" value={producer.inFlight} />
        <Count name="acknowledged" value={producer.acknowledged} />
        <Count name="failed" value={producer.failed} hidden />
        <Count name="retries" value={producer.retries} hidden />
        <Count name="refused" value={refused} hidden />
        <Count name="had to wait" value={waited} hidden />
      </dl>
      {refused + waited > 0 && <Room producer={producer} />}
      {slots.map(slot => (
        <div key={slot} class="slot">
          <h4>{bracketed(slot)}</h4>
          {batches
            .filter(batch => slotOf(batch) === slot)
            .slice(-most)
            .map(batch => (
              <Batch key={batch.batch} batch={batch} />
            ))}
        </div>
      ))}
    </article>
  )
}

function Count({ name, value, hidden }: { name: string; value: number; hidden?: boolean }) {
  if (hidden && value === 0) return null
  return (
    <div data-count={name} data-value={value}>
      <dt>{name}</dt>
      <dd>{value.toLocaleString('en-US')}</dd>
    </div>
  )
}

/** The buffer, and how full it was when it was last said. */
function Room({ producer: { bufferBytes, bufferLimit } }: { producer: ProducerModel }) {
  const isFull = bufferBytes > bufferLimit / 2
  return (
    <p class="room small">
      <meter
        min={0}
        max={bufferLimit}
        value={bufferBytes}
        class={isFull ? 'full' : ''}
        aria-label="The waiting room"
      />
      waiting room: {bufferBytes.toLocaleString('en-US')} of {bufferLimit.toLocaleString('en-US')}{' '}
      bytes
    </p>
  )
}

const phases: Readonly<Record<string, string>> = {
  open: 'open',
  closing: 'being compressed',
  ready: 'ready',
  inFlight: 'in flight',
  delivered: 'delivered',
  failed: 'failed',
}

function Batch({ batch }: { batch: BatchModel }) {
  const { phase, records, keys, sends, baseSequence, baseOffset, bytes, plainBytes } = batch
  const facts = [
    phases[phase] ?? phase,
    counted(records),
    plainBytes > bytes ? `${plainBytes} → ${bytes} bytes` : `${bytes} bytes`,
    baseSequence >= 0 && `sequence ${baseSequence}`,
    sends > 1 && `sent ${sends} times`,
    baseOffset >= 0 && `at offset ${baseOffset}`,
  ].filter(Boolean)
  return (
    <div class={`batch ${phase}`} data-batch={batch.batch}>
      <Cells keys={keys} count={records} />
      <span class="small">
        <b>batch {batch.batch}</b> {facts.join(' · ')}
      </span>
    </div>
  )
}

/** A cell for each record, coloured by its key: equal keys look alike. */
function Cells({ keys, count }: { keys: readonly string[]; count: number }) {
  const shown = Math.min(count, CELLS)
  return (
    <span class="cells" aria-hidden="true">
      {Array.from({ length: shown }, (_, i) => (
        <i key={i} class={hueOf(keys[i])} title={keys[i]} />
      ))}
      {count > shown && <small>+{count - shown}</small>}
    </span>
  )
}

const HUES = 8

function hueOf(key: string | undefined): string {
  if (!key) return ''
  // FNV-1a, mixed once more: names that differ in a letter shall look different.
  let hash = 0x811c9dc5
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
  return `hue-${(hash ^ (hash >>> 15) ^ (hash >>> 7)) & (HUES - 1)}`
}

function Requests({ producers }: { producers: readonly ProducerModel[] }) {
  const flying = producers.flatMap(({ name, requests }) =>
    requests.map(each => ({ name, ...each })),
  )
  if (flying.length === 0) return <p class="nothing">Nothing is under way.</p>
  return (
    <ul>
      {flying.map(({ name, broker, batches, records }, i) => (
        <li key={i} class="request">
          <span class="plane" aria-hidden="true" />
          <span class="small">
            {name} → broker {broker.split(' ')[0]}: batch {batches.join(', ')} ({counted(records)})
          </span>
        </li>
      ))}
    </ul>
  )
}

interface LogProps {
  readonly log: LogModel
  readonly consumers: readonly ConsumerModel[]
  readonly most: number
}

/** What a consumer reads: its share of the group's partitions, or those that it chose itself. */
const slotsOf = ({ group, share, positions }: ConsumerModel) =>
  group === '' ? Object.keys(positions) : share

function Log({ log, consumers, most }: LogProps) {
  const { topic, partition, end, entries, duplicates } = log
  const slot = slotOf(log)
  const owners = consumers.filter(consumer => slotsOf(consumer).includes(slot))
  return (
    <li class="log" data-slot={slot} data-end={end}>
      <h3>
        {topic} <b>[{partition}]</b>
        {owners.map(({ instance, name }) => (
          <span key={instance} class="badge owner">
            {name}
          </span>
        ))}
        {duplicates > 0 && <span class="badge warn">{duplicates} duplicate not stored</span>}
        <span class="small">ends at {end.toLocaleString('en-US')}</span>
      </h3>
      <p class="tape">
        {entries.slice(-most).map(entry => (
          <Piece key={entry.offset} entry={entry} />
        ))}
      </p>
    </li>
  )
}

function Piece({ entry: { is, offset, records } }: { entry: LogEntry }) {
  const words = is === 'batch' ? `${records} from offset ${offset}` : `${is} at ${offset}`
  const last = offset + records - 1
  return (
    <span class={`piece ${is}`} title={words}>
      {is === 'batch'
        ? records === 1
          ? offset
          : `${offset}–${last}`
        : is === 'commit'
          ? '✔'
          : '✘'}
      <span class="hidden"> {is === 'batch' ? '' : is}</span>
    </span>
  )
}

function Consumer({ consumer }: { consumer: ConsumerModel }) {
  const { name, group, state, positions, handed, generation } = consumer
  const slots = slotsOf(consumer)
  return (
    <article class="card">
      <h3>
        {name} <span class="badge">{state}</span>
      </h3>
      {group !== '' && (
        <p class="small">
          group {group}, generation {generation}
        </p>
      )}
      <dl class="counts">
        <Count name="read" value={handed} />
        <Count name="owns" value={slots.length} />
      </dl>
      <ul class="share">
        {slots.map(slot => {
          const { at = -1, end = -1, committed = -1 } = positions[slot] ?? {}
          const lag = at >= 0 && end >= 0 ? end - at : undefined
          return (
            <li key={slot} class="small">
              <b>{bracketed(slot)}</b> {at >= 0 && `at ${at}`}{' '}
              {committed >= 0 && `· committed ${committed}`} {lag !== undefined && `· lag ${lag}`}
            </li>
          )
        })}
      </ul>
    </article>
  )
}
