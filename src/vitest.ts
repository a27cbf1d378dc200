/** `import … from 'kcli/vitest'` */
export * from './library/vitest.ts'
