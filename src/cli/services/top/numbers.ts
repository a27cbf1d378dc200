import { sizeText } from '../../output/text.ts'
import type { Rate } from './view.ts'

/** What is not known. */
const UNKNOWN = '-'

/** `1,234,567` */
export function countText(count: number | null): string {
  return count === null ? UNKNOWN : String(count).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** `0`, `0.5`, `12,345` */
export function rateText(rate: Rate): string {
  if (rate === null) return UNKNOWN
  if (rate === 0 || rate >= 9.95) return countText(Math.round(rate))
  return rate < 0.05 ? '<0.1' : rate.toFixed(1)
}

export function bytesText(bytes: number | null): string {
  return bytes === null ? UNKNOWN : sizeText(bytes)
}

export function percentText(share: number | null): string {
  return share === null ? UNKNOWN : `${Math.round(share * 100)} %`
}
