#!/usr/bin/env node
/**
 * npm run sim -- [--seeds N] [--from S]    so many worlds, each with its seed
 * npm run sim -- --seed S                  one of them, with its whole history in a file
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { loadTs } from '../../scripts/load-ts.mjs'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    'max-failures': { type: 'string', default: '5' },
  },
})

const folder = path.dirname(fileURLToPath(import.meta.url))
const { simulate } = await loadTs(path.join(folder, 'simulation.ts'))

const only = values.seed === undefined ? undefined : Number(values.seed)
const from = only ?? Number(values.from)
const count = only === undefined ? Number(values.seeds) : 1
const startedMs = performance.now()
let failures = 0
let acknowledged = 0
let virtualMs = 0

for (let seed = from; seed < from + count && failures < Number(values['max-failures']); seed++) {
  const result = await simulate(seed, { keepsTrace: only !== undefined })
  acknowledged += result.acknowledged
  virtualMs += result.virtualMs
  if (result.violations.length > 0) {
    failures++
    report(result)
  } else if (only !== undefined) report(result)
  else if ((seed - from + 1) % 100 === 0) console.log(`${seed - from + 1} seeds, ${rate(seed - from + 1)}`)
}

if (only === undefined) {
  const hours = (virtualMs / 3_600_000).toFixed(1)
  console.log(
    `${count} seeds: ${failures} failed; ${acknowledged} records acknowledged in ${hours} virtual hours`,
  )
}
process.exitCode = failures > 0 ? 1 : 0

function rate(seeds) {
  return `${((seeds * 1000) / (performance.now() - startedMs)).toFixed(1)} a second`
}

function report({
  seed,
  plan,
  violations,
  trace,
  events,
  acknowledged,
  failed,
  read,
  fingerprint,
  virtualMs,
}) {
  const isFailure = violations.length > 0
  console.log(`seed ${seed} ${isFailure ? 'FAILED' : 'is clean'}: ${plan}`)
  for (const violation of violations.slice(0, 5))
    console.log(`  ${violation.slice(0, 1500).replaceAll('\n', '\n    ')}`)
  console.log(
    `  ${events} events in ${(virtualMs / 1000).toFixed(1)} s; ${acknowledged} acknowledged, ${failed} failed, ${read} read; history ${fingerprint.toString(16)}`,
  )
  const file = path.join(os.tmpdir(), 'kcli-sim', `seed-${seed}.txt`)
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, `${trace.join('\n')}\n`)
  console.log(`  history: ${file}`)
  if (isFailure) console.log(`  again:   npm run sim -- --seed ${seed}`)
}
