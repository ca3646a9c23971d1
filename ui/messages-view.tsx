import { useCallback, useState } from 'preact/hooks'
import type { MessageView, TopicView } from '../src/dashboard/views.ts'
import { api } from './api.ts'
import { ProduceForm } from './produce-form.tsx'
import { useAsked } from './use-asked.ts'

const EVERY_MS = 3_000

/** The records of the cluster, by topic and partition; and a form that adds one. */
export function MessagesView() {
  const { value: topics, problem, again } = useAsked(api.topics, EVERY_MS)
  const [name, setName] = useState<string>()
  const topic = topics?.find(each => each.name === name) ?? topics?.[0]
  return (
    <div class="messages">
      {problem && (
        <p class="trouble" role="alert">
          {problem}
        </p>
      )}
      <section aria-label="Topics" class="topics">
        <h2>Topics</h2>
        {!topics && !problem && <p class="nothing">The cluster is asked …</p>}
        {topics?.length === 0 && <p class="nothing">There is no topic yet.</p>}
        <ul>
          {topics?.map(each => (
            <li key={each.name}>
              <button
                type="button"
                aria-pressed={each === topic}
                onClick={() => setName(each.name)}
              >
                {each.name}
                <small data-topic={each.name} data-records={recordsIn(each)}>
                  {counted(each.partitions.length, 'slot')}, {counted(recordsIn(each), 'offset')}
                </small>
              </button>
            </li>
          ))}
        </ul>
      </section>
      <div>
        {topic && <Browser key={topic.name} topic={topic} />}
        <ProduceForm topic={topic?.name ?? ''} done={again} />
      </div>
    </div>
  )
}

const recordsIn = ({ partitions }: TopicView) =>
  partitions.reduce((sum, { start, end }) => sum + Math.max(0, end - start), 0)

function Browser({ topic: { name, partitions } }: { topic: TopicView }) {
  const fullest = partitions.findIndex(({ start, end }) => end > start)
  const [partition, setPartition] = useState(Math.max(0, fullest))
  const [offset, setOffset] = useState('')
  const bounds = partitions[partition]
  const end = bounds?.end
  const ask = useCallback(
    () => api.messages(name, partition, offset),
    // The end is no part of the question, but a new one asks for the same again.
    [name, partition, offset, end],
  )
  const { value: messages, problem } = useAsked(ask)
  return (
    <section aria-label={`Messages of ${name}`}>
      <h2>{name}</h2>
      <div class="controls">
        <label>
          Slot
          <select
            value={partition}
            onChange={event => setPartition(Number(event.currentTarget.value))}
          >
            {partitions.map(each => (
              <option key={each.partition} value={each.partition}>
                {each.partition}
              </option>
            ))}
          </select>
        </label>
        <label>
          From offset
          <input
            inputMode="numeric"
            pattern="\d*"
            placeholder="the latest"
            value={offset}
            onInput={event => setOffset(event.currentTarget.value.replace(/\D/g, ''))}
          />
        </label>
        {bounds && (
          <p class="small" data-slot={`${name}/${partition}`} data-end={bounds.end}>
            offsets {bounds.start} to {bounds.end}, led by broker {bounds.leader}
          </p>
        )}
      </div>
      {problem && (
        <p class="trouble" role="alert">
          {problem}
        </p>
      )}
      {messages?.length === 0 && <p class="nothing">No record is there.</p>}
      {messages && messages.length > 0 && <MessageTable messages={messages} />}
    </section>
  )
}

function MessageTable({ messages }: { messages: readonly MessageView[] }) {
  return (
    <section class="scroll" tabIndex={0} aria-label="Records">
      <table class="records">
        <thead>
          <tr>
            {['offset', 'time', 'key', 'value', 'headers'].map(name => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {messages.toReversed().map(({ offset, timestamp, key, value, headers }) => (
            <tr key={offset}>
              <td>{offset}</td>
              <td>{new Date(timestamp).toLocaleTimeString()}</td>
              <td>{key ?? <em>null</em>}</td>
              <td class="wide">{value === null ? <em>null</em> : <pre>{indented(value)}</pre>}</td>
              <td class="wide">
                {headers.map(([name, each]) => (
                  <div key={name}>
                    {name}: {each ?? 'null'}
                  </div>
                ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

/** JSON over several lines where it is an object or a list; anything else as it is. */
function indented(value: string): string {
  if (!/^\s*[[{]/.test(value)) return value
  try {
    return JSON.stringify(JSON.parse(value), null, 2).replace(flat, list =>
      list.replace(/\s+/g, ' '),
    )
  } catch {
    return value
  }
}

/** A list of numbers and the like, over several lines; texts may hold what is between brackets. */
const flat = /\[[^[\]{}"]+\]/g

const counted = (count: number, what: string) =>
  `${count.toLocaleString('en-US')} ${what}${count === 1 ? '' : 's'}`
