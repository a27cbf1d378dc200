import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { root } from './sources.ts'

const directory = mkdtempSync(path.join(os.tmpdir(), 'kcli-manifest-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

describe('oclif.manifest.json', () => {
  it('says what the commands say (run `npm run build` when it does not)', async () => {
    const { freshManifest } = await import(path.join(root, 'scripts/build.mjs'))
    const committed = readFileSync(path.join(root, 'oclif.manifest.json'), 'utf8')
    expect(JSON.parse(committed)).toEqual(JSON.parse(await freshManifest(directory)))
  })
})
