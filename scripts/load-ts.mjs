/** Loads a TypeScript module on Node 20: bundled by esbuild (a development dependency) into a temporary file. */
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'

export async function loadTs(file, plugins = []) {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'kcli-ts-'))
  try {
    const outfile = path.join(dir, 'module.mjs')
    await build({
      entryPoints: [file],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      packages: 'external',
      logLevel: 'error',
      plugins,
    })
    return await import(pathToFileURL(outfile).href)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
