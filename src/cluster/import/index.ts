/** Loaded by the one command that needs it. */
export { type ImportOptions, type ImportReport, importDirectory } from './import-directory.ts'
