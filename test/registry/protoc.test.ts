import { fromBinary, toJson } from '@bufbuild/protobuf'
import { type FileDescriptorProto, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { link } from '../../src/registry/protobuf/link.ts'
import { parseProto } from '../../src/registry/protobuf/parser.ts'
import { printProto } from '../../src/registry/protobuf/print.ts'
import { pythonWithRegistry } from '../python/registry-venv.ts'
import { describeWithPython } from '../python/venv.ts'
import { type ProtoFile, protoFiles } from './proto-files.ts'
import { PythonSerdes } from './python-serdes.ts'

describeWithPython('our reading of .proto files and that of protoc', () => {
  let python: PythonSerdes
  beforeAll(async () => {
    await pythonWithRegistry()
    python = await PythonSerdes.start()
  }, 300_000)
  afterAll(() => python?.stop())

  describe.each(protoFiles)('$name', file => {
    test('give the same descriptor', async () => {
      expect(json(ours(file.text, file))).toEqual(json(await theirs(file.text, file)))
    })
    test('and a descriptor printed is read by both as what it was', async () => {
      const before = await theirs(file.text, file)
      const text = printProto(before)
      const expected = { ...json(before), service: undefined }
      expect(json(ours(text, file))).toEqual(expected)
      expect(json(await theirs(text, file))).toEqual(expected)
    })
  })

  function ours(text: string, { imported = {} }: ProtoFile): FileDescriptorProto {
    const others = Object.entries(imported).map(([name, each]) => parseProto(each, name))
    const file = parseProto(text, 'main.proto')
    link(file, others)
    return file
  }

  async function theirs(text: string, { imported }: ProtoFile): Promise<FileDescriptorProto> {
    const files = { ...imported, 'main.proto': text }
    const hex = await python.call({ op: 'descriptor', files, main: 'main.proto' })
    return fromBinary(FileDescriptorProtoSchema, Buffer.from(String(hex), 'hex'))
  }
})

/** Without the options of methods, which carry no records and which we pass over. */
function json(file: FileDescriptorProto) {
  for (const service of file.service) for (const method of service.method) delete method.options
  const plain = toJson(FileDescriptorProtoSchema, file)
  return typeof plain === 'object' && plain !== null && !Array.isArray(plain) ? plain : {}
}
