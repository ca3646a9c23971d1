import { useState } from 'preact/hooks'
import { api, type NewRecord } from './api.ts'

interface Outcome {
  readonly isGood: boolean
  readonly words: string
}

/** Produces a record, and says where it was stored. */
export function ProduceForm({ topic, done }: { topic: string; done: () => void }) {
  const [outcome, setOutcome] = useState<Outcome>()
  const [isBusy, setBusy] = useState(false)
  const submitted = async (event: SubmitEvent) => {
    event.preventDefault()
    if (!(event.currentTarget instanceof HTMLFormElement)) return
    const form = event.currentTarget
    setBusy(true)
    try {
      const { topic, partition, offset } = await api.produce(recordOf(new FormData(form)))
      setOutcome({ isGood: true, words: `Stored: ${topic} [${partition}] @ ${offset}` })
      done()
    } catch (error) {
      setOutcome({ isGood: false, words: error instanceof Error ? error.message : String(error) })
    }
    setBusy(false)
  }
  return (
    <section aria-label="Produce a record">
      <h2>Produce a record</h2>
      <form class="produce" onSubmit={submitted}>
        <label>
          Topic
          <input name="topic" required key={topic} defaultValue={topic} autocomplete="off" />
        </label>
        <label>
          Key
          <input name="key" placeholder="none" autocomplete="off" />
        </label>
        <label>
          Slot
          <input name="partition" placeholder="by the key" inputMode="numeric" pattern="\d*" />
        </label>
        <label class="whole">
          Value
          <textarea name="value" rows={3} />
        </label>
        <label class="whole">
          Headers
          <input name="headers" placeholder="name=value, another=value" autocomplete="off" />
        </label>
        <button type="submit" class="main" disabled={isBusy}>
          Produce
        </button>
        <p role="status" class={outcome?.isGood === false ? 'trouble' : 'small'}>
          {outcome?.words}
        </p>
      </form>
    </section>
  )
}

function recordOf(form: FormData): NewRecord {
  const text = (name: string) => String(form.get(name) ?? '')
  const partition = text('partition')
  const pairs = text('headers')
    .split(',')
    .map(pair => pair.trim())
    .filter(Boolean)
    .map(pair => {
      const cut = pair.indexOf('=')
      if (cut < 1) throw new Error(`${pair} is no header: write it as name=value`)
      return [pair.slice(0, cut), pair.slice(cut + 1)] as const
    })
  return {
    topic: text('topic'),
    key: text('key') === '' ? null : text('key'),
    value: text('value'),
    headers: Object.fromEntries(pairs),
    ...(partition !== '' && { partition: Number(partition) }),
  }
}
