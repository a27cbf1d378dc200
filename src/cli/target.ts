import type { GlobalFlags } from './base-command.ts'
export interface Target {
  close(): Promise<void>
}
export async function openTarget(_f: GlobalFlags, _o: unknown): Promise<Target> {
  throw new Error('not wired')
}
