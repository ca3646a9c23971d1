import { useEffect, useRef } from 'preact/hooks'
import type { Step } from '../src/trace/steps.ts'

/** The variables at the end of each of the program's calls, as far as the play has come. */
export function TrackerTable({ steps, at }: { steps: readonly Step[]; at: number }) {
  const last = new Map<number, Step>()
  for (const step of steps.slice(0, at)) if (step.act > 0) last.set(step.act, step)
  const acts = [...last.values()]
  const names = [...new Set(acts.flatMap(({ tracker }) => Object.keys(tracker)))]
  const scroll = useRef<HTMLElement>(null)
  const { length } = acts
  useEffect(() => {
    // The column of the call that runs is the one to see.
    if (scroll.current && length > 0) scroll.current.scrollLeft = scroll.current.scrollWidth
  }, [length])
  return (
    <section aria-label="Tracker">
      <h2>Tracker</h2>
      <section ref={scroll} class="scroll" tabIndex={0} aria-label="Variables over the calls">
        <table class="tracker">
          <thead>
            <tr>
              <th scope="col">variable</th>
              {acts.map(({ act }) => (
                <th key={act} scope="col">
                  {act}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {names.map(name => (
              <tr key={name} data-variable={name}>
                <th scope="row">{name}</th>
                {acts.map(({ act, tracker }) => (
                  <td key={act}>{tracker[name] ?? '·'}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  )
}
