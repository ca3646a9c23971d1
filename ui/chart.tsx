import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'

export interface Line {
  readonly name: string
  readonly values: readonly (number | null)[]
}

interface Props {
  readonly title: string
  readonly unit: string
  /** Seconds since 1970. */
  readonly times: readonly number[]
  readonly lines: readonly Line[]
}

const HEIGHT = 150

/** A chart over time; its last values stand beside it as text, for all who can't see it. */
export function Chart({ title, unit, times, lines }: Props) {
  const place = useRef<HTMLDivElement>(null)
  const chart = useRef<uPlot | undefined>(undefined)
  const names = lines.map(({ name }) => name).join()
  useEffect(() => {
    const box = place.current
    if (!box) return
    const dark = matchMedia('(prefers-color-scheme: dark)')
    const make = () => {
      chart.current?.destroy()
      chart.current = new uPlot(optionsOf(lines, box), dataOf(times, lines), box)
    }
    const sized = new ResizeObserver(() => {
      chart.current?.setSize({ width: box.clientWidth, height: HEIGHT })
    })
    make()
    sized.observe(box)
    dark.addEventListener('change', make)
    return () => {
      sized.disconnect()
      dark.removeEventListener('change', make)
      chart.current?.destroy()
      chart.current = undefined
    }
  }, [names])
  useEffect(() => chart.current?.setData(dataOf(times, lines)), [times, lines])
  return (
    <figure class="chart">
      <figcaption>
        <h3>{title}</h3>
        <p class="small">
          {lines.map(({ name, values }, i) => (
            <span key={name} class={`key line-${i}`}>
              {name} <b>{shown(values.at(-1))}</b> {unit}
            </span>
          ))}
        </p>
      </figcaption>
      <div ref={place} aria-hidden="true" />
    </figure>
  )
}

function shown(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–'
  return value.toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 2 : 0 })
}

const timeOf = (seconds: number) => new Date(seconds * 1000).toLocaleTimeString('en-GB')

const dataOf = (times: readonly number[], lines: readonly Line[]): uPlot.AlignedData => [
  [...times],
  ...lines.map(({ values }) => [...values]),
]

function optionsOf(lines: readonly Line[], box: HTMLElement): uPlot.Options {
  const style = getComputedStyle(box)
  const colour = (name: string) => style.getPropertyValue(name).trim()
  const axis = {
    stroke: colour('--soft'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { stroke: colour('--line'), width: 1 },
    font: '11px system-ui',
  }
  return {
    width: box.clientWidth || 300,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: true }, y: { range: (_, _min, max) => [0, Math.max(1, max * 1.1)] } },
    axes: [
      { ...axis, size: 30, space: 70, values: (_, seconds) => seconds.map(timeOf) },
      { ...axis, size: 56 },
    ],
    series: [
      {},
      ...lines.map(({ name }, i) => ({
        label: name,
        stroke: colour(`--line-${i}`),
        width: 2,
        points: { show: false },
      })),
    ],
  }
}
