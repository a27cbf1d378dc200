import type { Metric } from '../../../client/index.ts'

/** The metrics of a client as Kafka's tools print them (org.apache.kafka.tools.ToolsUtils.printMetrics). */
export function metricsText(metrics: readonly Metric[]): string {
  const rows = metrics.map(({ group, name, tags, value }) => {
    const shown = Object.entries(tags).map(([key, text]) => `${key}=${text}`)
    return { name: `${group}:${name}:{${shown.join(', ')}}`, value: numberText(value) }
  })
  rows.sort((a, b) => (a.name < b.name ? -1 : 1))
  const width = Math.max(0, ...rows.map(({ name }) => name.length))
  const lines = rows.map(({ name, value }) => `${name.padEnd(width)} : ${value}\n`)
  return `\n${'Metric Name'.padEnd(width)}   Value\n${lines.join('')}`
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return value.toFixed(3)
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity'
}
