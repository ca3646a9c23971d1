import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import { modelAt } from '../src/trace/at.ts'
import { type Step, stepsOf } from '../src/trace/steps.ts'
import { api, type Recording, type ScenarioFacts } from './api.ts'
import { Stage } from './stage.tsx'
import { TrackerTable } from './tracker-table.tsx'

const speeds = [0.5, 1, 2, 4, 8, 16, 32]

interface Props {
  readonly scenarios: readonly ScenarioFacts[]
  readonly name: string
}

/** A scenario is run on the server, on real clients; here its steps are played. */
export function TraceView({ scenarios, name }: Props) {
  const chosen = scenarios.find(each => each.name === name) ?? scenarios[0]
  const [recording, setRecording] = useState<Recording>()
  const [problem, setProblem] = useState<string>()
  const [runs, setRuns] = useState(0)
  useEffect(() => {
    let isWanted = true
    setRecording(undefined)
    setProblem(undefined)
    if (!chosen) return
    api.trace(chosen.name).then(
      found => isWanted && setRecording(found),
      error => isWanted && setProblem(error.message),
    )
    return () => {
      isWanted = false
    }
  }, [chosen?.name, runs])
  if (!chosen) return <p class="nothing">There is no scenario to run here.</p>
  return (
    <div class="trace">
      <nav aria-label="Scenarios" class="scenarios">
        {scenarios.map(each => (
          <a
            key={each.name}
            href={`#trace/${each.name}`}
            aria-current={each === chosen ? 'true' : undefined}
          >
            {each.title}
          </a>
        ))}
      </nav>
      <div>
        <h2 class="title">{chosen.title}</h2>
        <p class="lead">{chosen.about}</p>
        {problem && (
          <p class="trouble" role="alert">
            {problem}
          </p>
        )}
        {!recording && !problem && <p class="nothing">The program runs …</p>}
        {recording && (
          <Playing
            key={`${recording.scenario} ${runs}`}
            recording={recording}
            again={() => setRuns(runs + 1)}
          />
        )}
      </div>
    </div>
  )
}

function Playing({ recording, again }: { recording: Recording; again: () => void }) {
  const { entries } = recording
  const steps = useMemo(() => stepsOf(entries), [entries])
  const [at, setAt] = useState(1)
  const [isRunning, setRunning] = useState(true)
  const [speed, setSpeed] = useState(2)
  const isOver = at >= steps.length
  // Within the same turn as what is shown: an effect would wait for the next frame, and in between
  // the last timer could move on a show that says it is paused.
  useLayoutEffect(() => {
    if (!isRunning || isOver) return
    const timer = setTimeout(() => setAt(at + 1), 1000 / speed)
    return () => clearTimeout(timer)
  }, [isRunning, at, speed, isOver])
  const move = (next: (now: number) => number) => {
    setRunning(false)
    setAt(now => Math.min(steps.length, Math.max(1, next(now))))
  }
  const go = (to: number) => move(() => to)
  const by = (steps: number) => move(now => now + steps)
  const run = () => {
    if (isOver) setAt(1)
    setRunning(isOver || !isRunning)
  }
  useKeys({ ' ': run, ArrowRight: () => by(1), ArrowLeft: () => by(-1) })
  const model = useMemo(() => modelAt(entries, at), [entries, at])
  const current = steps[at - 1]
  const call = steps.find(step => step.is === 'call' && step.act === current?.act)
  return (
    <div class="playing" data-step={at} data-steps={steps.length}>
      <Controls
        at={at}
        length={steps.length}
        isRunning={isRunning}
        speed={speed}
        {...{ go, by, run, again, setSpeed }}
      />
      <div class="call">
        <code>{call?.action}</code>
        <p>{call?.out}</p>
      </div>
      <p class="now" aria-live={isRunning && speed > 2 ? 'off' : 'polite'}>
        {current?.is === 'call' ? 'The program calls.' : sentence(current)}
      </p>
      <Stage model={model} />
      <div class="below">
        <StepList steps={steps} at={at} go={go} />
        <TrackerTable steps={steps} at={at} />
      </div>
    </div>
  )
}

interface ControlsProps {
  readonly at: number
  readonly length: number
  readonly isRunning: boolean
  readonly speed: number
  go(step: number): void
  by(steps: number): void
  run(): void
  again(): void
  setSpeed(speed: number): void
}

function Controls({ at, length, isRunning, speed, ...does }: ControlsProps) {
  const { go, by, run, again, setSpeed } = does
  const isOver = at >= length
  return (
    <fieldset class="controls" aria-label="Play">
      <button type="button" onClick={() => by(-1)} disabled={at <= 1}>
        Back
      </button>
      <button type="button" class="main" onClick={run} aria-pressed={isRunning && !isOver}>
        {isOver ? 'Play again' : isRunning ? 'Pause' : 'Play'}
      </button>
      <button type="button" onClick={() => by(1)} disabled={isOver}>
        Step
      </button>
      <label>
        Speed
        <select value={speed} onChange={event => setSpeed(Number(event.currentTarget.value))}>
          {speeds.map(each => (
            <option key={each} value={each}>
              {each} a second
            </option>
          ))}
        </select>
      </label>
      <button type="button" onClick={again}>
        Run it anew
      </button>
      <label class="course">
        <span class="hidden">Step</span>
        <input
          type="range"
          min={1}
          max={length}
          value={at}
          onInput={event => go(Number(event.currentTarget.value))}
        />
        <output>
          {at} of {length}
        </output>
      </label>
    </fieldset>
  )
}

const sentence = (step: Step | undefined) =>
  step ? `${step.action}${step.out === '' ? '' : ` → ${step.out}`}` : ''

interface ListProps {
  readonly steps: readonly Step[]
  readonly at: number
  readonly go: (step: number) => void
}

function StepList({ steps, at, go }: ListProps) {
  const list = useRef<HTMLOListElement>(null)
  useEffect(() => {
    const line = list.current?.querySelector<HTMLElement>('[aria-current]')
    if (line && list.current) {
      list.current.scrollTop = line.offsetTop - list.current.clientHeight / 2
    }
  }, [at])
  return (
    <section aria-label="Steps">
      <h2>Steps</h2>
      <ol class="steps" ref={list}>
        {steps.map(step => (
          <li key={step.step} class={`${step.is}${step.step > at ? ' later' : ''}`}>
            <button
              type="button"
              aria-current={step.step === at ? 'step' : undefined}
              onClick={() => go(step.step)}
            >
              <small>{step.at.toFixed(1)} ms</small>
              <span>{step.is === 'call' ? step.action : sentence(step)}</span>
            </button>
          </li>
        ))}
      </ol>
    </section>
  )
}

/**
 * Keys for the whole page, where nothing that takes them itself has the focus; heard from the first
 * moment on that something is shown, and not from the next frame.
 */
function useKeys(keys: Readonly<Record<string, () => void>>): void {
  useLayoutEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      const takesKeys = /^(INPUT|SELECT|TEXTAREA|BUTTON|A)$/
      const isTaken = event.target instanceof Element && takesKeys.test(event.target.tagName)
      const run = keys[event.key]
      if (!run || isTaken || event.ctrlKey || event.metaKey || event.altKey) return
      event.preventDefault()
      run()
    }
    addEventListener('keydown', pressed)
    return () => removeEventListener('keydown', pressed)
  })
}
