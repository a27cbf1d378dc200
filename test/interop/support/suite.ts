import { describe } from 'vitest'
import { missingReason, type Need } from './environment.ts'

/**
 * A group of tests that needs what npm does not have. Without it the group is reported as skipped with the reason in its
 * name; with KCLI_INTEROP_REQUIRED=1 (as in CI) it fails instead.
 */
export function describeInterop(name: string, needs: readonly Need[], body: () => void): void {
  const reason = missingReason(needs)
  if (reason === undefined) describe(name, body)
  else if (process.env.KCLI_INTEROP_REQUIRED === '1') throw new Error(`${name} cannot run: ${reason}`)
  else describe.skip(`${name} (skipped: ${reason})`, body)
}
