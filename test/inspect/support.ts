import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FileSystem } from '../../src/base/file-system.ts'
import { nodeFileSystem } from '../../src/base/node-file-system.ts'
import { type Finding, locate, planRepair, type RepairPlan, verify } from '../../src/inspect/index.ts'
import { temporaryDirectory } from '../support/temporary.ts'

/** Partition directories that Apache Kafka 3.9.1 wrote. */
export const GOLDEN = fileURLToPath(new URL('../golden/segments', import.meta.url))
export const GOLDEN_CASES = fs.readdirSync(GOLDEN).filter((name) => !name.startsWith('.'))

const READS = new Set(['existsSync', 'statSync', 'readFileSync', 'readdirSync', 'spaceSync'])

/** Fails at everything that could change a byte. */
export const readOnlyFiles: FileSystem = new Proxy(nodeFileSystem, {
  get(target, name: keyof FileSystem) {
    if (READS.has(name)) return target[name].bind(target)
    if (name !== 'openSync') throw new Error(`a reader called ${name}`)
    return (file: string, mode: string) => {
      if (mode !== 'r') throw new Error(`a reader opened ${file} with ${mode}`)
      return target.openSync(file, 'r')
    }
  },
})

/** A log directory of its own with a copy of the partition of that golden case. */
export function goldenCopy(name: string): { logDir: string; dir: string; partition: string } {
  const logDir = path.join(temporaryDirectory(), 'logs')
  const partition =
    fs.readdirSync(path.join(GOLDEN, name)).find((child) => child.endsWith('-0') || /-\d+$/.test(child)) ?? ''
  fs.cpSync(path.join(GOLDEN, name, partition), path.join(logDir, partition), { recursive: true })
  return { logDir, dir: path.join(logDir, partition), partition }
}

export interface CheckOptions {
  readonly deep?: boolean
  readonly isLocked?: boolean
  readonly dataDir?: string
  readonly names?: readonly string[]
}

/** All findings, and what was counted. */
export async function check(target: string, options: CheckOptions = {}) {
  const findings: Finding[] = []
  const located = locate(readOnlyFiles, { names: options.names ?? [target], dataDir: target })
  const summary = await verify(readOnlyFiles, {
    located,
    deep: options.deep ?? true,
    isLocked: () => options.isLocked ?? false,
    signal: new AbortController().signal,
    onFinding: (finding) => findings.push(finding),
  })
  return { findings, summary }
}

/** `error batch-crc 00000000000000000000.log`: what was found, without the notes. */
export async function faults(target: string, options: CheckOptions = {}): Promise<string[]> {
  const { findings } = await check(target, options)
  return findings
    .filter((finding) => finding.severity !== 'note')
    .map((finding) => `${finding.severity} ${finding.check} ${path.basename(finding.path)}`)
}

export function plan(target: string): Promise<RepairPlan> {
  return planRepair(readOnlyFiles, {
    located: locate(readOnlyFiles, { names: [target], dataDir: target }),
    isLocked: () => false,
    signal: new AbortController().signal,
  })
}

export function flipBit(file: string, position: number, bit = 0): void {
  const bytes = fs.readFileSync(file)
  bytes[position] = (bytes[position] ?? 0) ^ (1 << bit)
  fs.writeFileSync(file, bytes)
}

/** Every file below a directory, by its path in it. */
export function contents(directory: string): Record<string, string> {
  const names = fs.readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort()
  const files = names.filter((name) => fs.statSync(path.join(directory, name)).isFile())
  return Object.fromEntries(files.map((name) => [name, fs.readFileSync(path.join(directory, name), 'hex')]))
}
