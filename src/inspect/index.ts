/** Log files looked at, checked and repaired with no broker. */
export * from './batch-walk.ts'
