export * from './batch-header.ts'
export { checkedBatchSize, END_OF_BATCHES, nextBatch, TRUNCATED } from './batch-iteration.ts'
export { InvalidBatchError, type InvalidBatchReason } from './errors.ts'
