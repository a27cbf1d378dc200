/** Whatever lies in a file, dumping it ends with rows, problems or an error that says what is wrong; never with a crash. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { KcliError } from '../../../src/base/errors.ts'
import { nodeFileSystem } from '../../../src/base/node-file-system.ts'
import { type DumpProblem, dumpBatches, dumpRecords, readEntries } from '../../../src/inspect/dump/index.ts'
import { describeFileName, type LocatedFile } from '../../../src/inspect/index.ts'
import { PAYLOAD_FORMATS, readPayload } from '../../../src/inspect/payload/index.ts'
import { testRandom } from '../../support/seed.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

const GOLDEN = path.resolve('test/golden/segments')
const sources = readdirSync(GOLDEN, { recursive: true })
  .map((name) => path.join(GOLDEN, String(name)))
  .filter((file) => /-0\/[^/]+$|log-dir\/[^/]+$/.test(file))

function located(file: string): LocatedFile {
  return { path: file, ...describeFileName(path.basename(file)) }
}

async function dumpWhole(file: LocatedFile): Promise<{ rows: number; problems: DumpProblem[] }> {
  const problems: DumpProblem[] = []
  const options = { filter: {}, onProblem: (problem: DumpProblem) => void problems.push(problem) }
  let rows = 0
  if (file.kind !== 'log') {
    for await (const entry of readEntries(nodeFileSystem, file)) rows += Object.keys(entry).length > 0 ? 1 : 0
    return { rows, problems }
  }
  for await (const batch of dumpBatches(nodeFileSystem, file, options)) rows += batch.sizeBytes > 0 ? 1 : 0
  for await (const { record } of dumpRecords(nodeFileSystem, file, options)) {
    rows++
    for (const format of PAYLOAD_FORMATS)
      for (const part of ['key', 'value'] as const) JSON.stringify(readPayload(format, record, part))
  }
  return { rows, problems }
}

it('shows good files without a word', async () => {
  for (const source of sources) {
    const file = located(source)
    const { rows, problems } = await dumpWhole(file)
    expect(problems, source).toEqual([])
    const mayBeEmpty = ['index', 'timeindex', 'log', 'snapshot'].includes(file.kind)
    if (!mayBeEmpty && file.kind !== 'other') expect(rows, source).toBeGreaterThan(0)
  }
})

it('survives any damage', async () => {
  const { seed, random } = testRandom()
  const directory = temporaryDirectory()
  for (let round = 0; round < 400; round++) {
    const source = sources[random.int(sources.length)] ?? ''
    const bytes = readFileSync(source)
    const file = path.join(directory, path.basename(source))
    for (let i = 0; i <= random.int(4) && bytes.length > 0; i++) {
      const at = random.int(bytes.length)
      bytes.set(random.bytes(Math.min(1 + random.int(12), bytes.length - at)), at)
    }
    nodeFileSystem.writeFileSync(
      file,
      bytes.subarray(0, bytes.length - random.int(2) * random.int(bytes.length + 1)),
    )
    try {
      await dumpWhole(located(file))
    } catch (error) {
      expect(
        error,
        `${source} (KCLI_SEED=${seed})\n${error instanceof Error ? error.stack : ''}`,
      ).toBeInstanceOf(KcliError)
    }
  }
})
