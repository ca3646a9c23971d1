import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..', '..')

/** Why each package is here, and not code of our own. A package without a reason is an error. */
const reasons: Readonly<Record<string, string>> = {
  '@bufbuild/protobuf':
    'Protobuf messages and descriptors for the schema registry, by the authors of buf.',
  ajv: 'JSON Schema validation; the standard, compiled and fast.',
  'ajv-draft-04': 'The old draft that many registries still hold.',
  'ajv-formats': "JSON Schema's formats (date-time, email, …) for ajv.",
  avsc: 'Avro encoding and schema resolution, the best kept one in JavaScript.',
  'cli-progress': 'Progress bars of the command line. Loaded only on a terminal.',
  commander: 'Options, subcommands and help of the command line. No dependencies of its own.',
  re2js: "Regular expressions in linear time, for patterns of other people's schemas.",
  '@bokuweb/zstd-wasm':
    'zstd where Node.js has none of its own (before 22.15). WebAssembly, no build.',
  '@node-rs/crc32': 'CRC-32C in native code, prebuilt; without it ours in JavaScript is used.',
  snappy: 'Snappy blocks in native code, prebuilt; without it ours in JavaScript is used.',
  '@arethetypeswrong/cli': "Checks that the packed package's types resolve.",
  '@biomejs/biome': 'Formatter and linter in one.',
  '@types/cli-progress': 'Types.',
  '@types/node': 'Types.',
  '@types/node-forge': 'Types.',
  '@types/oidc-provider': 'Types.',
  '@opentelemetry/api':
    'What posthaste/opentelemetry tells spans and metrics to. Loaded by nothing else.',
  '@opentelemetry/context-async-hooks': "OpenTelemetry's own contexts, in tests of the spans.",
  '@opentelemetry/core': "OpenTelemetry's own W3C Trace Context, in tests of the spans.",
  '@opentelemetry/otlp-transformer':
    "Decodes OTLP, in tests of the client telemetry: the last line that has Google's decoder.",
  '@opentelemetry/sdk-metrics': 'The SDK that reads our metrics, in tests.',
  '@opentelemetry/sdk-trace-base': 'The SDK that keeps our spans, in tests.',
  '@opentelemetry/sdk-trace-node': 'The same as programs set it up, in an example and its guide.',
  '@opentelemetry/semantic-conventions': 'The names that our spans are held to, in tests.',
  '@preact/signals': 'State of the live page: what changes is drawn, and nothing else.',
  'axe-core': 'Finds faults of accessibility, in the test of the live page.',
  fastify: 'The HTTP server of an example.',
  'fast-check': 'Property tests: random inputs that shrink and can be run again.',
  jose: 'Signs tokens in tests of OAUTHBEARER.',
  'node-forge': 'Makes certificates in tests of TLS.',
  'oidc-provider': 'An identity provider that is not ours, in tests of OAUTHBEARER.',
  'parse-prometheus-text-format': "Reads Prometheus's text format, in tests of the metrics.",
  'playwright-core': 'Drives a browser, in the test of the live page. Brings none of its own.',
  preact: 'The live page is made of its components; 5 KiB of what is shipped.',
  'prom-client':
    'The registry of Prometheus that our metrics are added to; `--metrics-port` needs it.',
  publint: 'Checks the packed package as bundlers and Node.js will see it.',
  tsx: 'Runs TypeScript scripts as they are.',
  typescript: 'The compiler and type checker.',
  uplot:
    'The charts of the live page: fast enough to be redrawn each second, 22 KiB of what is shipped.',
  vite: 'Builds the live page; its parser reads the sources for the architecture test. Part of vitest.',
  vitest: 'Test runner.',
  wabt: "Assembles LZ4's blocks for WebAssembly; what it makes is kept with the sources.",
}

const groups = [
  [
    'dependencies',
    'What an installation brings',
    'Everything here is JavaScript, without install scripts.',
  ],
  [
    'optionalDependencies',
    'What makes it faster, where it can be had',
    'Prebuilt, and nothing breaks without them: the fallbacks are tested. Sizes are without the binary of a platform.',
  ],
  [
    'peerDependencies',
    'What programs bring that want it',
    'Optional: an entry point that needs one says so, and no other loads it.',
  ],
  ['devDependencies', 'What development takes', 'None of it reaches users.'],
] as const

/** docs/dependencies.md: every package that is depended on, with its reason. */
export function dependenciesPage(): string {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const parts = groups.flatMap(([field, title, about]) => [
    `## ${title}`,
    '',
    about,
    '',
    '| package | version | licence | size | what for |',
    '|---|---|---|---:|---|',
    ...Object.keys(manifest[field]).map(name => row(name, packages[`node_modules/${name}`])),
    '',
  ])
  const head = '# Dependencies'
  const made = '<!-- Made by `npm run docs`; the reasons are in scripts/docs/dependencies.ts. -->'
  return [head, '', made, '', ...parts].join('\n')
}

function row(
  name: string,
  locked: { readonly version: string; readonly license?: string },
): string {
  const reason = reasons[name]
  if (reason === undefined) {
    throw new Error(`${name} has no reason: say in scripts/docs/dependencies.ts what it is for`)
  }
  const size = sizeOf(join(root, 'node_modules', name))
  const licence = locked.license ?? 'see package'
  return `| ${name} | ${locked.version} | ${licence} | ${kib(size)} | ${reason} |`
}

/** All files of a package together, without packages inside it. */
function sizeOf(path: string): number {
  const stat = statSync(path)
  if (!stat.isDirectory()) return stat.size
  const names = readdirSync(path).filter(name => name !== 'node_modules')
  return names.reduce((sum, name) => sum + sizeOf(join(path, name)), 0)
}

function kib(bytes: number): string {
  return `${Math.ceil(bytes / 1024).toLocaleString('en-US')} KiB`
}
