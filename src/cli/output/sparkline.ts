const LEVELS = '▁▂▃▄▅▆▇█'

/** One character for each value, as high as it is beside the highest; empty for no values. */
export function sparkline(values: readonly number[]): string {
  const highest = Math.max(...values, 0)
  return values
    .map((value) => {
      const level = highest === 0 ? 0 : Math.round((Math.max(0, value) / highest) * (LEVELS.length - 1))
      return LEVELS[value > 0 ? Math.max(1, level) : 0]
    })
    .join('')
}
