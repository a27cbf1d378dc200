// `npm test`: set-up, type check, formatter and linter, then the tests. Ends with the line `N passed, N failed`.
// Arguments: the vitest projects to run (default: unit and process) after an optional `--tests-only`.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { setUp } from './setup.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const bin = (name) =>
  path.join(root, 'node_modules', '.bin', process.platform === 'win32' ? `${name}.cmd` : name)

function runTool(label, name, args) {
  console.log(`> ${label}`)
  const { status } = spawnSync(bin(name), args, {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  return status === 0
}

/** Each check counts as one test: a broken one must show in the last line too. */
function runChecks() {
  const checks = [
    ['type check', 'tsgo', ['--noEmit', '-p', '.']],
    ['format and lint', 'biome', ['check', '.']],
  ]
  const passed = checks.filter(([label, name, args]) => runTool(label, name, args)).length
  return { passed, failed: checks.length - passed }
}

function runTests(projects) {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'kcli-test-'))
  const report = path.join(directory, 'report.json')
  const selected = projects.flatMap((project) => ['--project', project])
  const isOk = runTool(`tests (${projects.join(', ')})`, 'vitest', [
    'run',
    ...selected,
    '--reporter=dot',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ])
  try {
    const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, 'utf8'))
    // A file that could not even be loaded has no failed test of its own.
    const broken = testResults.filter(
      (file) => file.status === 'failed' && file.assertionResults.length === 0,
    )
    for (const file of broken) console.log(`could not run ${file.name}: ${file.message}`)
    const failed = numFailedTests + broken.length
    return { passed: numPassedTests, failed: failed === 0 && !isOk ? 1 : failed }
  } catch (error) {
    console.log(`no test report: ${error.message}`)
    return { passed: 0, failed: 1 }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

const words = process.argv.slice(2)
const projects = words.filter((word) => !word.startsWith('--'))
setUp()
const results = [
  ...(words.includes('--tests-only') ? [] : [runChecks()]),
  runTests(projects.length > 0 ? projects : ['unit', 'process']),
]
const sum = (key) => results.reduce((total, result) => total + result[key], 0)
console.log(`${sum('passed')} passed, ${sum('failed')} failed`)
process.exitCode = sum('failed') === 0 ? 0 : 1
