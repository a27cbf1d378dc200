/** The library: what `import … from 'kcli'` gives. */
export { KcliError } from './base/errors.ts'
export * from './library/index.ts'
