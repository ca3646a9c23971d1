import { catalogue, labelNames, type MetricSpec, metricNames } from '../../src/metrics/catalogue.ts'

const parts = [
  ['client', 'Every client', 'Of producers, consumers and admins alike.'],
  ['producer', 'Producers', 'Counted for each batch, never for a record.'],
  ['consumer', 'Consumers', 'Lag is read from the consumer when somebody scrapes.'],
] as const

const head = `# Metrics

<!-- Made from src/metrics/catalogue.ts by \`npm run docs\`. -->

One call adds what clients do to a registry of [prom-client](https://github.com/siimon/prom-client), which a program brings itself
(\`npm install prom-client\`):

\`\`\`js
import { register } from 'prom-client'
import { prometheus } from 'posthaste/metrics'

const metrics = prometheus(undefined, { register })   // every client of this process, those to come too
prometheus([producer, consumer], { register: own })   // or these alone, in a registry of your own
metrics.stop()                                        // measures no more, and takes them out again
\`\`\`

\`prefix\` goes before every name, and \`labels\` to every series. On the command line \`--metrics-port 9400\` serves them under
\`http://127.0.0.1:9400/metrics\` for as long as \`produce\`, \`consume\`, \`bench\` or \`demo\` runs; \`serveMetrics({ port: 9400 })\` does so
in a program. [guides/operating.md](guides/operating.md) says what to look at and when to be woken;
[grafana/posthaste.json](grafana/posthaste.json) is a dashboard for these names.

- Nothing is measured before the call, and nobody pays for it then. After it, a batch costs half a microsecond and a record
  nothing; see [what it costs](#what-it-costs).
- A counter has no series before it first counts. Gauges are read from the clients at each scrape.
- Clients with one \`client.id\` share their series: sums, or the longest where it says so.
- A metric has at most 2,000 sets of labels (\`maxSeries\`). What comes after them is counted under \`other\` in every label but
  \`client_id\`, and from the hundredth client that needs this on in that one too: ten thousand topics do not become as many series.
- A closed client's counts stay for five minutes, for a last scrape, and are then forgotten.
- Labels are names and codes: never keys, values, passwords or the words of an error.

| label | what it says |
|---|---|
${Object.entries(labelNames)
  .map(([name, about]) => `| \`${name}\` | ${about} |`)
  .join('\n')}
`

const costs = `## What it costs

CPU time of the whole producer for each record, against a broker that answers at once and costs nothing, so that all that is
left is the client; 60 turns with metrics and 60 without, alternately, on a busy machine of two cores (\`npm run bench:metrics\`):

| records of 100 bytes or so | without | with | more |
|---|---:|---:|---:|
| default batches, 595 records | 265 ns | 267 ns | 0.5 % |
| the same with lz4, 578 records | 1,958 ns | 1,950 ns | none that can be seen |
| batches of 4 KiB, 18 records | 722 ns | 758 ns | 5 % |

The last row is the worst that can be made of it: tiny batches, and no system call to send them. One scrape takes half a
millisecond, and a few more where there are thousands of series. A handler of \`run()\` is measured each time it is called, which
takes a quarter of a microsecond.
`

/** docs/metrics.md: how to have them, and every metric there is. */
export function metricsPage(): string {
  const tables = parts.flatMap(([family, title, about]) => [
    `## ${title}`,
    '',
    about,
    '',
    '| metric | kind | labels | what it says |',
    '|---|---|---|---|',
    ...metricNames
      .filter(name => name.startsWith(`posthaste_${family}_`))
      .map(name => row(name, catalogue[name])),
    '',
  ])
  return [head, ...tables, costs].join('\n')
}

function row(name: string, spec: MetricSpec): string {
  const labels = spec.labels.map(label => `\`${label}\``).join(', ')
  const several = spec.kind === 'gauge' && spec.several === 'max' ? '; the longest' : ''
  return `| \`${name}\` | ${spec.kind}, ${spec.unit} | ${labels} | ${spec.help}${several} |`
}
