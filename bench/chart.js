/** Draws results as SVG: `node bench/chart.js RESULTS.json`, charts beside the file. */
import { readFileSync, writeFileSync } from 'node:fs'
import { init } from 'echarts'

const file = process.argv[2]
const { rows, machine, date, messages } = JSON.parse(readFileSync(file, 'utf8'))

function chart(title, figure, codec) {
  const shown = rows
    .filter(row => row.mode === 'produce' && row.codec === codec && row.messages > 0)
    .sort((a, b) => figure.better * (b[figure.name].median - a[figure.name].median))
    .reverse()
  const label = { show: true, position: 'right', formatter: ({ value }) => figure.text(value) }
  const drawing = init(null, null, {
    renderer: 'svg',
    ssr: true,
    width: 760,
    height: 120 + 34 * shown.length,
  })
  drawing.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    title: {
      text: title,
      subtext: `${messages.toLocaleString('en')} records of 200 bytes, ${codec === 'none' ? 'not compressed' : codec}, acks=all, 6 partitions · ${machine} · ${date}`,
      left: 10,
    },
    grid: { left: 10, right: 90, top: 70, bottom: 20, containLabel: true },
    xAxis: { type: 'value', axisLabel: { formatter: figure.text } },
    yAxis: { type: 'category', data: shown.map(row => row.client), axisTick: { show: false } },
    series: [
      {
        type: 'bar',
        label,
        data: shown.map(row => ({
          value: row[figure.name].median,
          itemStyle: { color: row.client.startsWith('posthaste') ? '#d9480f' : '#adb5bd' },
        })),
      },
    ],
  })
  writeFileSync(file.replace(/json$/, `${figure.name}-${codec}.svg`), drawing.renderToSVGString())
  // Else its timer keeps the process alive.
  drawing.dispose()
}

const cpu = { name: 'cpu', better: -1, text: value => `${value.toFixed(2)} µs` }
const rate = { name: 'rate', better: 1, text: value => `${Math.round(value / 1000)}k/s` }
for (const codec of ['none', 'lz4']) {
  chart('CPU of the client for each record (less is better)', cpu, codec)
  chart('Records a second, client and broker on the same cores (more is better)', rate, codec)
}
