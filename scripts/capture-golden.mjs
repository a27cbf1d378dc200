#!/usr/bin/env node
/**
 * Writes test/golden from a real Apache Kafka 3.9.1: frames (protocol), partition directories (segments) and answers in
 * unusual cases (behaviour). Run by hand when something is to be added; the tests only read the files.
 *
 *   node scripts/interop-setup.mjs && node scripts/capture-golden.mjs [protocol] [traffic] [segments] [behaviour]
 */
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadTs } from './load-ts.mjs'

const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
process.chdir(repository)
const support = path.join(repository, 'test', 'interop', 'support')
const tools = {
  ...(await loadTs(path.join(support, 'environment.ts'))),
  ...(await loadTs(path.join(support, 'child.ts'))),
  ...(await loadTs(path.join(support, 'driver.ts'))),
  ...(await loadTs(path.join(support, 'kafka.ts'))),
  golden: path.join(repository, 'test', 'golden'),
}
const wanted = process.argv.slice(2)
for (const part of ['protocol', 'traffic', 'segments', 'behaviour']) {
  if (wanted.length > 0 && !wanted.includes(part)) continue
  const { capture } = await import(`./golden/${part}.mjs`)
  await capture(tools)
}
