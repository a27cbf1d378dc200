export { ManualClock as VirtualClock } from './manual-clock.ts'
