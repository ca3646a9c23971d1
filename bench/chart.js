/** Draws results as SVG: `node bench/chart.js RESULTS.json`, charts beside the file. */
import { readFileSync, writeFileSync } from 'node:fs'
import { init } from 'echarts'

const file = process.argv[2]
const { rows, machine, date, messages } = JSON.parse(readFileSync(file, 'utf8'))

const what = `${messages.toLocaleString('en')} records of 200 bytes`
const where = `acks=all, 6 partitions · ${machine} · ${date}`

/** Bars, the first at the top; those of posthaste stand out. */
function draw(name, title, subtext, bars, text) {
  const shown = bars.toReversed()
  const drawing = init(null, null, {
    renderer: 'svg',
    ssr: true,
    width: 760,
    height: 120 + 34 * shown.length,
  })
  drawing.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    title: { text: title, subtext, left: 10 },
    grid: { left: 10, right: 90, top: 70, bottom: 20, containLabel: true },
    xAxis: { type: 'value', axisLabel: { formatter: text } },
    yAxis: { type: 'category', data: shown.map(bar => bar.name), axisTick: { show: false } },
    series: [
      {
        type: 'bar',
        label: { show: true, position: 'right', formatter: ({ value }) => text(value) },
        data: shown.map(({ value, isOurs }) => ({
          value,
          itemStyle: { color: isOurs ? '#d9480f' : '#adb5bd' },
        })),
      },
    ],
  })
  writeFileSync(file.replace(/json$/, `${name}.svg`), drawing.renderToSVGString())
  // Else its timer keeps the process alive.
  drawing.dispose()
}

/** All clients, the best at the top. */
function clients(title, figure, codec) {
  const shown = rows
    .filter(row => row.mode === 'produce' && row.codec === codec && row.messages > 0)
    .sort((a, b) => figure.better * (b[figure.name].median - a[figure.name].median))
  const bars = shown.map(row => ({
    name: row.client,
    value: row[figure.name].median,
    isOurs: row.client.startsWith('posthaste'),
  }))
  const how = codec === 'none' ? 'not compressed' : codec
  draw(`${figure.name}-${codec}`, title, `${what}, ${how}, ${where}`, bars, figure.text)
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
    'batch-1': 'sendBatch() of 1 (half as many)',
  }
  const bars = Object.entries(names).flatMap(([mode, name]) =>
    rows
      .filter(row => row.client === 'posthaste' && row.codec === 'none' && row.mode === mode)
      .map(row => ({ name, value: row[figure.name].median, isOurs: true })),
  )
  if (bars.length > 1) {
    draw(`${figure.name}-ways`, title, `${what}, not compressed, ${where}`, bars, figure.text)
  }
}

const cpu = { name: 'cpu', better: -1, text: value => `${value.toFixed(2)} µs` }
const rate = { name: 'rate', better: 1, text: value => `${Math.round(value / 1000)}k/s` }
for (const codec of ['none', 'lz4']) {
  clients('CPU of the client for each record (less is better)', cpu, codec)
  clients('Records a second, client and broker on the same cores (more is better)', rate, codec)
}
ways('CPU of posthaste for each record, by the way of calling (less is better)', cpu)
ways('Records a second, by the way of calling (more is better)', rate)
