import { type Model, slotOf } from './model.ts'
import type { PlainEvent } from './plain-event.ts'

/** An event in words: what happened, and what came out of it, if anything did. */
export interface Words {
  readonly action: string
  readonly out: string
}

/**
 * What an event says to somebody who watches; undefined where it says nothing that an event beside
 * it does not say better. `before` is how things stood when it came.
 */
export function wordsOf(event: PlainEvent, before: Model): Words | undefined {
  const [kind] = event.name.split(':')
  switch (kind) {
    case 'record':
    case 'batch':
    case 'produce':
      return batchWords(event, before)
    case 'producer':
    case 'identity':
    case 'transaction':
    case 'flush':
    case 'buffer':
      return producerWords(event, before)
    case 'broker':
      return brokerWords(event)
    default:
      return consumerWords(event)
  }
}

const at = (place: { topic: string; partition: number }) => `${place.topic} [${place.partition}]`
const count = (n: number, noun: string) =>
  `${n} ${noun}${n === 1 ? '' : noun.endsWith('ch') ? 'es' : 's'}`
const said = (action: string, out = ''): Words => ({ action, out })

function batchWords(event: PlainEvent, before: Model): Words | undefined {
  switch (event.name) {
    case 'record:waiting':
      return said(
        `a record waits: nothing is known yet of topic ${event.topic}`,
        `${event.queued} queued`,
      )
    case 'record:appended': {
      const key = event.key === null ? 'without a key' : `with key ${event.key}`
      const { batch, batchRecords, bytes } = event
      const action = `a record ${key} goes to ${at(event)}, into batch ${batch}`
      return said(action, `batch ${batch} holds ${batchRecords}; +${bytes} bytes`)
    }
    case 'batch:opened':
      return said(`batch ${event.batch} is opened for ${at(event)}`)
    case 'batch:moved':
      return movedWords(event)
    case 'batch:settled':
      return settledWords(event)
    case 'batch:split':
      return said(`batch ${event.batch} is too large for the broker`, `split: ${event.into}`)
    case 'produce:sent': {
      const { broker, batches, records, bytes } = event
      const producer = before.producers[event.source.instance]
      const again = batches.some(batch => (producer?.batches[batch]?.sends ?? 0) > 1)
      const what = `${count(batches.length, 'batch')}, ${count(records, 'record')}, ${bytes} bytes`
      return said(`a request leaves for broker ${broker}${again ? ' (once more)' : ''}`, what)
    }
  }
}

type Moved = Extract<PlainEvent, { name: 'batch:moved' }>
type Settled = Extract<PlainEvent, { name: 'batch:settled' }>

function movedWords({ batch, from, to, records, ...event }: Moved): Words | undefined {
  const { bytes, plainBytes, baseSequence, sends, cause } = event
  if (from === 'inFlight' && to === 'ready') {
    const action = `batch ${batch} comes back without an outcome, and keeps its sequence`
    return said(action, cause?.message ?? '')
  }
  if (from === 'closing' && to === 'ready') {
    const share = Math.round((bytes / plainBytes) * 100)
    const size = `${plainBytes} → ${bytes} bytes (${share} %)`
    return said(`batch ${batch} is compressed`, size)
  }
  if (from === 'open') return said(`batch ${batch} is closed, with ${count(records, 'record')}`)
  if (to !== 'inFlight') return undefined
  if (baseSequence < 0) return said(`batch ${batch} is sent`)
  const last = baseSequence + records - 1
  const numbers = records === 1 ? `sequence ${baseSequence}` : `sequences ${baseSequence}–${last}`
  const { producerId, producerEpoch } = event
  const who = `producer ${producerId}, epoch ${producerEpoch}`
  return said(
    `batch ${batch} is sent${sends > 1 ? ` for the ${nth(sends)} time` : ''}`,
    `${numbers}; ${who}`,
  )
}

function nth(n: number): string {
  return n === 2 ? 'second' : n === 3 ? 'third' : `${n}th`
}

function settledWords({ batch, records, baseOffset, error, ...event }: Settled): Words {
  if (error) return said(`batch ${batch} failed: ${count(records, 'record')}`, error.message)
  const last = records === 1 ? '' : `–${baseOffset + records - 1}`
  const where = baseOffset < 0 ? 'nobody says where' : `${at(event)} @ ${baseOffset}${last}`
  return said(`batch ${batch} is delivered: ${count(records, 'record')}`, where)
}

function producerWords(event: PlainEvent, before: Model): Words | undefined {
  const who = event.source.clientId
  switch (event.name) {
    case 'producer:opened': {
      const { acks, lingerMs, batchSize, bufferMemory, idempotent } = event
      const sizes = `batch.size ${batchSize}, buffer.memory ${bufferMemory}`
      const safe = idempotent ? ', idempotent' : ''
      return said(`${who} is made`, `acks ${acks}${safe}, linger.ms ${lingerMs}, ${sizes}`)
    }
    case 'producer:moved':
      return said(`${who} is ${event.to}`, event.records > 0 ? `${event.records} left` : '')
    case 'identity:moved':
      if (event.producerId === undefined) return undefined
      return said(`${who} has its identity`, idOf(event))
    case 'transaction:moved':
      return said(
        `${who}: the transaction is ${event.to}`,
        event.cause?.message ?? (event.to === 'ready' ? idOf(event) : ''),
      )
    case 'flush:started':
      return said(`flush: ${count(event.records, 'record')} without an outcome`)
    case 'flush:ended':
      return said('flush ends', `${event.left} left`)
    case 'buffer:full': {
      const full = `the buffer holds ${event.bytes} of ${event.limit} bytes`
      const what = event.then === 'refused' ? 'the record is refused' : 'the record waits outside'
      return said(`no room: ${what}`, full)
    }
    case 'buffer:drained': {
      const waited = before.producers[event.source.instance]?.waited ?? 0
      const next = waited > 0 ? ', and those who waited come in' : ''
      return said(`the buffer has emptied${next}`, `${event.bytes} of ${event.limit} bytes`)
    }
  }
}

function idOf({ producerId, producerEpoch }: { producerId?: string; producerEpoch?: number }) {
  return producerId === undefined ? '' : `producer ${producerId}, epoch ${producerEpoch}`
}

function brokerWords(event: PlainEvent): Words | undefined {
  switch (event.name) {
    case 'broker:appended':
      return appendedWords(event)
    case 'broker:marked': {
      const marker = event.committed ? 'commit' : 'abort'
      return said(`the coordinator writes ${marker} into ${at(event)}`, `@ ${event.offset}`)
    }
    case 'broker:answered':
      if (event.how !== 'break' || event.api !== 'Produce') return undefined
      return said(`the answer of broker ${event.broker} is lost on its way`)
  }
}

function appendedWords(event: Extract<PlainEvent, { name: 'broker:appended' }>): Words {
  const { broker, outcome, records, baseOffset, baseSequence, error } = event
  const numbers = baseSequence < 0 ? '' : ` (sequence ${baseSequence})`
  if (outcome === 'refused') return said(`broker ${broker} refuses the batch${numbers}`, error)
  if (outcome === 'duplicate') {
    const action = `broker ${broker} has this batch already${numbers}: a duplicate, not stored again`
    return said(action, `it is at ${at(event)} @ ${baseOffset}`)
  }
  const action = `broker ${broker} stores ${count(records, 'record')}${numbers}`
  return said(action, `${at(event)} @ ${baseOffset}`)
}

function consumerWords(event: PlainEvent): Words | undefined {
  const who = event.source.clientId
  switch (event.name) {
    case 'group:moved':
      return said(`${who}: ${event.to} in group ${event.group}`, event.cause?.message)
    case 'share:changed': {
      const { change, partitions, generation } = event
      const slots = partitions.map(slotOf).join(', ')
      return said(`${who}: ${change} ${slots}`, `generation ${generation}`)
    }
    case 'fetch:received': {
      const end = `the log ends at ${event.highWatermark}`
      return said(`${who} fetches ${event.bytes} bytes of ${at(event)}`, end)
    }
    case 'records:handed': {
      const next = `${at(event)} goes on at ${event.nextOffset}`
      return said(`${who} gets ${count(event.records, 'record')} of ${at(event)}`, next)
    }
    case 'offsets:committed': {
      const slots = event.offsets.map(each => `${at(each)} @ ${each.offset}`).join(', ')
      return said(`${who} commits for group ${event.group}`, slots)
    }
  }
}
