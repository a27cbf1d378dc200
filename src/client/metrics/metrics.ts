import { Sensor, type WindowOptions } from './sensor.ts'

/** One measured value. Names, groups and tags are those of Kafka's clients (org.apache.kafka.common.MetricName). */
export interface Metric {
  readonly name: string
  readonly group: string
  readonly tags: Readonly<Record<string, string>>
  /** NaN when there is nothing to take an average or a maximum of. */
  readonly value: number
}

/** The names under which a sensor is shown; those that are left out are not. */
export interface SensorNames {
  /** The sum of the values, per second and since the beginning. */
  readonly rate?: string
  readonly total?: string
  /** How many values there were, per second and since the beginning. */
  readonly countRate?: string
  readonly countTotal?: string
  readonly avg?: string
  readonly max?: string
}

export type Tags = Readonly<Record<string, string>>

interface Entry {
  readonly name: string
  readonly group: string
  readonly tags: Tags
  readonly read: () => number
}

const READERS: readonly (readonly [keyof SensorNames, (sensor: Sensor) => number])[] = [
  ['rate', (sensor) => sensor.rate],
  ['total', (sensor) => sensor.total],
  ['countRate', (sensor) => sensor.countRate],
  ['countTotal', (sensor) => sensor.count],
  ['avg', (sensor) => sensor.avg],
  ['max', (sensor) => sensor.max],
]

/** All that one client measures. Nothing is computed before somebody asks. */
export class Metrics {
  private readonly options: WindowOptions & { readonly tags: Tags }
  private readonly entries: Entry[] = []

  /** `tags`: for all of them, such as `client-id`. */
  constructor(options: WindowOptions & { readonly tags: Tags }) {
    this.options = options
  }

  sensor(group: string, names: SensorNames, tags: Tags = {}): Sensor {
    const sensor = new Sensor(this.options)
    for (const [kind, read] of READERS) {
      const name = names[kind]
      if (name !== undefined) this.gauge(group, name, () => read(sensor), tags)
    }
    return sensor
  }

  /** A value that is looked up when it is asked for. */
  gauge(group: string, name: string, read: () => number, tags: Tags = {}): void {
    this.entries.push({ name, group, tags, read })
  }

  /** Lets go of what has exactly these tags and those of all. */
  remove(group: string, tags: Tags): void {
    const isThat = (entry: Entry) => entry.group === group && sameTags(entry.tags, tags)
    for (let i = this.entries.length - 1; i >= 0; i--)
      if (isThat(this.entries[i] as Entry)) this.entries.splice(i, 1)
  }

  /** As they are now. */
  values(): Metric[] {
    return this.entries.map(({ name, group, tags, read }) => ({
      name,
      group,
      tags: { ...this.options.tags, ...tags },
      value: read(),
    }))
  }
}

function sameTags(a: Tags, b: Tags): boolean {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key])
}
