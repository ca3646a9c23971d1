import { readdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { cached } from '../support/cache.ts'
import { run } from '../support/run.ts'

/** Of what brokers and tools load; the rest would make the archive bigger, and no start faster. */
const jars = /^(kafka|log4j|slf4j|jopt|argparse|jackson-(core|databind)|metrics|caffeine|pcoll)/
const seldom = /^META-INF|^module-info|shaded\/io\/opentelemetry/

/**
 * What makes `java` start Kafka's programs for half of the processor's time: their classes, read
 * and verified once (class data sharing), all those in the folder of jars that `java -cp` is given
 * first. It is about speed alone: where an archive can't be made, or is another Java's, the JVM
 * passes over it.
 */
export async function classArchive(folder: string): Promise<string[]> {
  const home = await cached(`${basename(folder)}-classes`, async to => {
    const list = join(to, 'classes')
    await writeFile(list, `${(await classesIn(folder)).join('\n')}\n`)
    const files = [
      `-XX:SharedClassListFile=${list}`,
      `-XX:SharedArchiveFile=${join(to, 'archive')}`,
    ]
    const how = ['-Xshare:dump', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']
    await run('java', [...how, ...files, '-cp', join(folder, '*')])
  })
  return ['-Xshare:auto', '-Xlog:cds=off', `-XX:SharedArchiveFile=${join(home, 'archive')}`]
}

/** Java's own come from the list that it brings along, and Kafka's after them. */
async function classesIn(folder: string): Promise<string[]> {
  const { stderr } = await run('java', ['-XshowSettings:properties', '-version'])
  const java = /java\.home = (.+)/.exec(stderr)?.[1] ?? ''
  const own = await readFile(join(java, 'lib', 'classlist'), 'utf8').catch(() => '')
  const names = (await readdir(folder)).filter(name => jars.test(name))
  const files = await Promise.all(names.sort().map(name => readFile(join(folder, name))))
  const classes = files.flatMap(entriesOf).filter(name => name.endsWith('.class'))
  const wanted = classes.filter(name => !seldom.test(name))
  return [...own.trim().split('\n'), ...wanted.map(name => name.replace(/\.class$/, ''))]
}

/** The names in a zip file, from the directory at its end. */
function entriesOf(zip: Buffer): string[] {
  const end = zip.lastIndexOf('PK\x05\x06', undefined, 'latin1')
  const names: string[] = []
  let at = zip.readUInt32LE(end + 16)
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    const [name, extra, comment] = [28, 30, 32].map(field => zip.readUInt16LE(at + field))
    names.push(zip.toString('utf8', at + 46, at + 46 + name!))
    at += 46 + name! + extra! + comment!
  }
  return names
}
