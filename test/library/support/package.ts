import { execFile } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { root } from '../../support/cli.ts'

export const execute = promisify(execFile)

export function tool(name: string): string {
  return path.join(root, 'node_modules/.bin', name)
}

/** What a program needs that uses the library, and those that check and run it here. */
const DEPENDENCIES = [
  'koffi',
  '@node-rs',
  'snappy',
  'lz4-napi',
  '@cloudpss',
  'typescript',
  'vitest',
  '@types',
]

/**
 * A folder of a program that has installed the package: with the built files, declarations made for the purpose, and
 * nothing of the sources.
 */
export async function installPackage(program: string): Promise<string> {
  const installed = path.join(program, 'node_modules/kcli')
  const dist = path.join(installed, 'dist')
  mkdirSync(dist, { recursive: true })
  copyFileSync(path.join(root, 'package.json'), path.join(installed, 'package.json'))
  if (!existsSync(path.join(root, 'dist/index.js'))) throw new Error('not built: run `npm run build` first')
  for (const file of readdirSync(path.join(root, 'dist')))
    if (/\.c?js$/.test(file)) copyFileSync(path.join(root, 'dist', file), path.join(dist, file))
  await execute(tool('tsgo'), ['-p', 'scripts/tsconfig.types.json', '--outDir', path.join(dist, 'types')], {
    cwd: root,
  })
  const { removeUnreachable, TYPE_ENTRIES } = await import(path.join(root, 'scripts/build.mjs'))
  removeUnreachable(path.join(dist, 'types'), TYPE_ENTRIES)
  for (const name of DEPENDENCIES) {
    const from = path.join(root, 'node_modules', name)
    // Optional ones are not there on every platform.
    if (existsSync(from)) symlinkSync(from, path.join(program, 'node_modules', name), 'junction')
  }
  return installed
}
