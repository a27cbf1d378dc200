#!/usr/bin/env node
/**
 * npm run sim -- [--seeds N] [--from S] [--workers W]    so many worlds, each with its seed
 * npm run sim -- --seed S                                one of them, with its whole history in a file
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { loadTs } from '../../scripts/load-ts.mjs'

const SELF = fileURLToPath(import.meta.url)

if (isMainThread) await main()
else await work()

async function main() {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '100' },
      from: { type: 'string', default: '1' },
      seed: { type: 'string' },
      workers: { type: 'string', default: '1' },
      'max-failures': { type: 'string', default: '5' },
    },
  })
  if (values.seed !== undefined) {
    const { simulate } = await loadSimulation()
    const result = await simulate(Number(values.seed), { keepsTrace: true })
    report(result)
    process.exitCode = result.violations.length > 0 ? 1 : 0
  } else
    await runMany({
      from: Number(values.from),
      count: Number(values.seeds),
      workers: Number(values.workers),
      maxFailures: Number(values['max-failures']),
    })
}

/** Each worker takes the next seed when it is done with one. */
async function runMany({ from, count, workers, maxFailures }) {
  const startedMs = performance.now()
  const total = { done: 0, failures: 0, acknowledged: 0, virtualMs: 0 }
  const next = { seed: from }
  const take = (result) => {
    total.done++
    total.acknowledged += result.acknowledged
    total.virtualMs += result.virtualMs
    if (result.violations.length > 0) {
      total.failures++
      report(result)
    }
    const rate = (total.done * 1000) / (performance.now() - startedMs)
    if (total.done % 100 === 0) console.log(`${total.done} seeds, ${rate.toFixed(1)} a second`)
  }
  const give = () => (next.seed < from + count && total.failures < maxFailures ? next.seed++ : undefined)
  await Promise.all(Array.from({ length: workers }, () => drive(give, take)))
  const hours = (total.virtualMs / 3_600_000).toFixed(1)
  console.log(
    `${total.done} seeds: ${total.failures} failed; ${total.acknowledged} records acknowledged in ${hours} virtual hours`,
  )
  process.exitCode = total.failures > 0 ? 1 : 0
}

function drive(give, take) {
  const worker = new Worker(SELF, {
    resourceLimits: { maxYoungGenerationSizeMb: Number(process.env.YG ?? 48) },
  })
  return new Promise((resolve, reject) => {
    worker.on('error', reject)
    worker.on('exit', resolve)
    worker.on('message', (result) => {
      if (result !== undefined) take(result)
      worker.postMessage(give())
    })
  })
}

/** A worker: says that it is ready, is given a seed, answers with its result, and so on until there is none. */
async function work() {
  // Stacks of errors that are expected are a part of the costs.
  Error.stackTraceLimit = 3
  const { simulate } = await loadSimulation()
  parentPort.on('message', async (seed) => {
    if (seed === undefined) parentPort.close()
    else parentPort.postMessage(await simulate(seed))
  })
  parentPort.postMessage(undefined)
}

function loadSimulation() {
  return loadTs(path.join(path.dirname(SELF), 'simulation.ts'))
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
