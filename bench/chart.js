/** Draws results as SVG: `node bench/chart.js RESULTS.json`, charts beside the file. */
import { readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { init } from 'echarts'

const file = process.argv[2]
const kind = basename(file, '.json')
const results = JSON.parse(readFileSync(file, 'utf8'))
const { rows = [], machine, date, messages = 0 } = results

const OURS = '#e8590c'
const THEIRS = '#8b98a5'
const count = value => value.toLocaleString('en')
const what = `${count(messages)} records of 200 bytes`
const where = `acks=all, 6 partitions · ${machine} · ${date}`

/** The same picture on a dark page: colours that a style sheet sets win over attributes. */
const dark = `<style>@media (prefers-color-scheme: dark) {
  text { fill: #d1d7e0; stroke: none } [fill="#ffffff"] { fill: #151b23 } [stroke="#e0e6eb"] { stroke: #3d444d }
}</style>`

function save(name, height, option) {
  const drawing = init(null, null, { renderer: 'svg', ssr: true, width: 760, height })
  const { title, ...rest } = option
  drawing.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    title: { left: 10, subtextStyle: { color: '#57606a' }, ...title },
    textStyle: { color: '#24292f' },
    ...rest,
  })
  const svg = drawing.renderToSVGString().replace(/^(<svg[^>]*>)/, `$1${dark}`)
  writeFileSync(file.replace(/json$/, `${name}.svg`), svg)
  // Else its timer keeps the process alive.
  drawing.dispose()
}

const lines = { lineStyle: { color: '#e0e6eb' } }

/** Bars, the first at the top; those of posthaste stand out. */
function draw(name, title, subtext, bars, text) {
  const shown = bars.toReversed()
  save(name, 120 + 34 * shown.length, {
    title: { text: title, subtext },
    grid: { left: 10, right: 90, top: 70, bottom: 20, containLabel: true },
    xAxis: { type: 'value', axisLabel: { formatter: text }, splitLine: lines },
    yAxis: {
      type: 'category',
      data: shown.map(bar => bar.name),
      axisTick: { show: false },
      axisLine: lines,
    },
    series: [
      {
        type: 'bar',
        label: { show: true, position: 'right', formatter: ({ value }) => text(value) },
        data: shown.map(({ value, isOurs }) => ({
          value,
          itemStyle: { color: isOurs ? OURS : THEIRS },
        })),
      },
    ],
  })
}

/** Curves over something that grows; `curves` are `{ name, points: [[x, y], ...] }`. */
function drawCurves(name, { title, subtext, x, y, isLog = false, text }, curves) {
  const dash = ['solid', 'dashed', 'dotted']
  save(name, 340, {
    title: { text: title, subtext },
    legend: { bottom: 5, data: curves.map(curve => curve.name) },
    grid: { left: 20, right: 40, top: 70, bottom: 50, containLabel: true },
    xAxis: {
      type: isLog ? 'log' : 'value',
      name: x,
      nameLocation: 'middle',
      nameGap: 26,
      splitLine: { show: false },
      axisLine: lines,
      axisLabel: { formatter: value => (isLog ? count(value) : text.x(value)) },
    },
    yAxis: {
      type: 'value',
      min: 0,
      splitLine: lines,
      axisLabel: { formatter: value => `${text.y(value)} ${y}` },
    },
    series: curves.map(({ name, points }, i) => ({
      type: 'line',
      name,
      data: points,
      color: name.startsWith('posthaste') ? OURS : THEIRS,
      lineStyle: { type: dash[i % dash.length], width: 2.5 },
      symbolSize: points.length > 20 ? 0 : 7,
    })),
  })
}

const cpu = { name: 'cpu', better: -1, text: value => `${value.toFixed(2)} µs` }
const rate = { name: 'rate', better: 1, text: value => `${Math.round(value / 1000)}k/s` }
const isUsual = row => row.bytes === undefined && row.partitions === undefined
const barOf = figure => row => ({
  name: row.client,
  value: row[figure.name].median,
  isOurs: row.client.startsWith('posthaste'),
})

/** All clients, the best at the top. */
function clients(title, figure, codec) {
  const shown = rows
    .filter(row => row.mode === 'produce' && row.codec === codec && row.messages > 0)
    .filter(isUsual)
    .sort((a, b) => figure.better * (b[figure.name].median - a[figure.name].median))
  if (shown.length < 2) return
  const how = codec === 'none' ? 'not compressed' : codec
  const bars = shown.map(barOf(figure))
  draw(`${figure.name}-${codec}`, title, `up to ${what}, ${how}, ${where}`, bars, figure.text)
}

/** Our own ways of calling, in this order. */
function ways(title, figure) {
  const names = {
    produce: 'produce()',
    callback: 'produce() with a callback each',
    send: 'send(), 10,000 outstanding',
    'batch-1000': 'sendBatch() of 1,000',
    'batch-100': 'sendBatch() of 100',
    'batch-10': 'sendBatch() of 10',
    'batch-1': 'sendBatch() of 1',
  }
  const ours = rows.filter(row => row.client === 'posthaste' && row.codec === 'none')
  const bars = Object.entries(names).flatMap(([mode, name]) =>
    ours
      .filter(row => row.mode === mode && isUsual(row))
      .map(row => ({ ...barOf(figure)(row), name })),
  )
  if (bars.length < 3) return
  draw(`${figure.name}-ways`, title, `up to ${what}, not compressed, ${where}`, bars, figure.text)
}

/** The reference and ours over what a case can vary in. */
function curvesOver(name, key, words) {
  const of = client =>
    rows
      .filter(row => row.client === client && row.mode === 'produce' && row.codec === 'none')
      .filter(row => (key === 'bytes' ? !row.partitions : !row.bytes))
      .map(row => [row[key] ?? (key === 'bytes' ? 200 : 6), row.cpu.median])
      .sort(([a], [b]) => a - b)
  const curves = ['posthaste', 'librdkafka', 'franz-go'].map(name => ({ name, points: of(name) }))
  if (curves[0].points.length < 2) return
  const text = { y: value => value.toFixed(1) }
  const subtext = `not compressed, acks=all · ${machine} · ${date}`
  drawCurves(name, { ...words, subtext, y: 'µs', isLog: true, text }, curves)
}

function drawProducers() {
  for (const codec of ['none', 'lz4', 'zstd', 'snappy', 'gzip']) {
    clients('CPU of the client for each record (less is better)', cpu, codec)
    clients('Records a second, client and broker on the same cores (more is better)', rate, codec)
  }
  ways('CPU of posthaste for each record, by the way of calling (less is better)', cpu)
  ways('Records a second, by the way of calling (more is better)', rate)
  curvesOver('sizes', 'bytes', {
    title: 'CPU of the client for each record, by the size of its value',
    x: 'bytes',
  })
  curvesOver('partitions', 'partitions', {
    title: 'CPU of the client for each record, by the partitions of the topic',
    x: 'partitions',
  })
}

function drawConsumers() {
  const ours = { 'batches in place': 'cursors', batches: 'batches()', 'for await': 'for await' }
  const bars = figure =>
    rows
      .filter(row => row.codec === 'lz4' && row.messages > 0)
      .sort((a, b) => figure.better * (b[figure.name].median - a[figure.name].median))
      .map(row => {
        const bar = barOf(figure)(row)
        const way = ours[row.mode] ?? row.mode
        return bar.isOurs ? { ...bar, name: `${bar.name}, ${way}` } : bar
      })
  const about = `${what}, lz4, ${where}`
  draw('cpu-lz4', 'CPU of a consumer for each record (less is better)', about, bars(cpu), cpu.text)
  const title = 'Records a second, consumer and broker on the same cores (more is better)'
  draw('rate-lz4', title, about, bars(rate), rate.text)
}

/** The curves of `npm run bench:scale`, as many as are known. */
function drawScale() {
  const { partitions, brokers, memory } = results
  const subtext = `records of 200 bytes, acks=all, the embedded cluster · ${machine} · ${date}`
  for (const [name, points] of Object.entries({ partitions, brokers })) {
    if (!points) continue
    const curves = ['posthaste', 'librdkafka'].map(client => ({
      name: client,
      points: points.filter(each => each.client === client).map(each => [each.at, each.cpu.median]),
    }))
    const title = `CPU of the client for each record, by the number of ${name}`
    const text = { y: value => value.toFixed(1) }
    drawCurves(name, { title, subtext, x: name, y: 'µs', isLog: true, text }, curves)
  }
  if (!memory) return
  const title = `Memory of the process while ${count(memory.delivered)} records are produced`
  const text = { x: value => `${value}M`, y: value => count(value) }
  const points = memory.samples.map(each => [each.messages / 1e6, each.rssMiB])
  drawCurves('memory', { title, subtext, x: 'records', y: 'MiB', text }, [
    { name: 'posthaste', points },
    { name: 'Node with the records', points: points.map(([x]) => [x, memory.aloneMiB]) },
  ])
}

const drawings = { consumer: drawConsumers, scale: drawScale, registry: () => {}, broker: () => {} }
;(drawings[kind] ?? drawProducers)()
