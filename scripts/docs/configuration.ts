import { adminOptions } from '../../src/admin/admin.ts'
import { camelCase, type Option, type OptionSet } from '../../src/base/options.ts'
import { type ForeignSetting, foreignSettings } from '../../src/cluster/foreign-settings.ts'
import { clientOptions } from '../../src/cluster/options.ts'
import { consumerOptions } from '../../src/consumer/options.ts'
import { producerOptions } from '../../src/producer/options.ts'
import { registryOptions } from '../../src/registry/client/options.ts'
import { deserializerOptions, serializerOptions } from '../../src/registry/serde/options.ts'

/** docs/configuration.md: every setting from the tables that check them. */
export function configurationPage(): string {
  const shared = Object.keys(clientOptions)
  return [
    '# Configuration',
    '',
    'Made from the option tables by `npm run docs`. Each setting may be written in either spelling;',
    'durations are milliseconds, sizes are bytes. A setting that is unknown, wrong, or contradicts',
    'another is a `ConfigError` before anything connects.',
    '',
    '## Every client',
    '',
    ...table(clientOptions, shared),
    '',
    '## Producer',
    '',
    ...table(
      producerOptions,
      Object.keys(producerOptions).filter(key => !shared.includes(key)),
    ),
    '',
    '## Consumer',
    '',
    ...table(
      consumerOptions,
      Object.keys(consumerOptions).filter(key => !shared.includes(key)),
    ),
    '',
    '## Admin',
    '',
    ...table(
      adminOptions,
      Object.keys(adminOptions).filter(key => !shared.includes(key)),
    ),
    '',
    ...registrySections(),
    ...foreignSection(),
  ].join('\n')
}

/** What is said of names that other clients have and we do not read. */
function foreignSection(): string[] {
  return [
    '## Names of other clients',
    '',
    'Some are read as they are: the column `also` has them. Each of these is a `ConfigError` that says',
    'what stands here; a name of Java may be written with underscores, as in Python. Whole programs are',
    'moved by [the guide](guides/moving.md).',
    '',
    '| of | setting | here |',
    '|---|---|---|',
    ...Object.entries(foreignSettings).flatMap(([client, settings]) =>
      Object.entries(settings).map(([name, each]) => `| ${client} | \`${name}\` | ${said(each)} |`),
    ),
    '',
  ]
}

function said({ setting, words }: ForeignSetting): string {
  if (setting === undefined) return `none: ${cell(words)}`
  return `\`${setting}\`${words && `: ${cell(words)}`}`
}

/** What posthaste/registry takes. */
function registrySections(): string[] {
  const all = [
    ['Schema registry client', 'What a `SchemaRegistryClient` takes.', registryOptions],
    ['Registry serializers', 'Beside what each format has of its own.', serializerOptions],
    ['Registry deserializers', 'The same.', deserializerOptions],
  ] as const
  return all.flatMap(([title, about, options]) => [
    `## ${title}`,
    '',
    `${about} See [registry.md](registry.md).`,
    '',
    ...table(options, Object.keys(options)),
    '',
  ])
}

function table(options: OptionSet, keys: readonly string[]): string[] {
  return [
    '| setting | also | default | allowed | what it does |',
    '|---|---|---|---|---|',
    ...keys.map(key => row(key, options[key]!)),
  ]
}

function row(key: string, { fallback, allowed, about, aliases, scaled }: Option<unknown>): string {
  const camel = camelCase(key)
  const others = [...(camel === key ? [] : [camel]), ...aliases, ...Object.keys(scaled)]
  const also = others.map(name => `\`${name}\``).join(', ')
  return `| \`${key}\` | ${also} | ${shown(fallback)} | ${cell(allowed)} | ${cell(about)} |`
}

function shown(fallback: unknown): string {
  if (fallback === undefined || (Array.isArray(fallback) && fallback.length === 0)) return ''
  return `\`${typeof fallback === 'string' ? fallback : JSON.stringify(fallback)}\``
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
