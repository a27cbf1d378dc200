import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

export const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** Wall time of one run in ms; throws when the command fails, so that a failure never looks fast. `input`: its stdin. */
export function timeOnce(command, args, env, input = '') {
  const start = process.hrtime.bigint()
  const result = spawnSync(command, args, { env, input, encoding: 'utf8', timeout: 120_000 })
  const ms = Number(process.hrtime.bigint() - start) / 1e6
  if (result.status !== 0) {
    throw new Error(
      `${command} ${args.join(' ')} ended with ${result.status ?? result.signal}: ${result.stdout}${result.stderr}`,
    )
  }
  return ms
}

/** Runs the cases in turn, `rounds` times, so that noise meets all of them alike. `prepare` and `clean` are not timed. */
export function interleave(cases, rounds) {
  const times = new Map(cases.map((one) => [one.name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const { name, prepare, run, clean } of cases) {
      const prepared = prepare?.()
      try {
        times.get(name).push(run(prepared))
      } finally {
        clean?.(prepared)
      }
    }
  }
  return times
}

/** Resident memory of a process and its children in MB, from /proc (Linux). */
export function residentMegabytes(pid) {
  const parents = new Map()
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    try {
      parents.set(
        Number(entry),
        Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${entry}/status`, 'utf8'))?.[1]),
      )
    } catch {
      // It ended while we looked.
    }
  }
  const family = new Set([pid])
  for (let grown = true; grown; ) {
    const before = family.size
    for (const [child, parent] of parents) if (family.has(parent)) family.add(child)
    grown = family.size > before
  }
  let kilobytes = 0
  for (const member of family) {
    kilobytes += Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${member}/status`, 'utf8'))?.[1] ?? 0)
  }
  return kilobytes / 1024
}

export function table(rows) {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => String(row[i]).length)))
  for (const row of rows) {
    console.log(
      row
        .map((cell, i) => (i === 0 ? String(cell).padEnd(widths[i]) : String(cell).padStart(widths[i])))
        .join('  '),
    )
  }
}

export const number = (value, digits = 0) =>
  value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })

/** rdkafka-driver.c as a program in `dir`. */
export function compileDriver(repositoryDir, dir) {
  const source = path.join(repositoryDir, 'test', 'bench', 'rdkafka-driver.c')
  const output = path.join(dir, 'rdkafka-driver')
  const result = spawnSync('cc', ['-O2', '-o', output, source, '-lrdkafka'], { encoding: 'utf8' })
  if (result.status !== 0) throw new Error(`cc: ${result.stderr}`)
  return output
}
