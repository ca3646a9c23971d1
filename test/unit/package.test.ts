import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../support/cache.ts'

interface Locked {
  readonly dev?: boolean
  readonly hasInstallScript?: boolean
  readonly integrity?: string
  readonly link?: boolean
  readonly resolved?: string
}

const read = <T>(name: string): T => JSON.parse(readFileSync(join(root, name), 'utf8')) as T
const manifest = read<{
  readonly scripts: Readonly<Record<string, string>>
  readonly publishConfig?: Readonly<Record<string, unknown>>
  readonly dependencies: Readonly<Record<string, string>>
  readonly repository?: unknown
}>('package.json')
const { packages } = read<{ readonly packages: Readonly<Record<string, Locked>> }>(
  'package-lock.json',
)
const installed = Object.entries(packages).filter(([path]) => path !== '')
const shipped = installed.filter(([, { dev }]) => !dev)

test('nothing runs when the package is installed, nor when those that it needs are', () => {
  const hooks = ['preinstall', 'install', 'postinstall', 'prepublish', 'preprepare', 'prepare']
  expect(Object.keys(manifest.scripts).filter(name => hooks.includes(name))).toEqual([])
  expect(shipped.length).toBeGreaterThan(10)
  expect(shipped.filter(([, { hasInstallScript }]) => hasInstallScript)).toEqual([])
})

test('each package that a program gets is locked to what it holds', () => {
  const loose = shipped.filter(([, { integrity, link }]) => !integrity && !link)
  expect(loose.map(([path]) => path)).toEqual([])
})

test('what a program gets is few packages, counted where all of its own are', () => {
  const native = /node_modules\/(@napi-rs|@node-rs|@emnapi|@tybys|snappy)/
  const required = shipped.map(([path]) => path).filter(path => !native.test(path))
  expect(required.length).toBeLessThan(30)
})

test('it is published with its provenance', () => {
  expect(manifest.publishConfig).toEqual({ access: 'public', provenance: true })
})
