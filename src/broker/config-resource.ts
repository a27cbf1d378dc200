/** org.apache.kafka.common.config.ConfigResource.Type. */
export const RESOURCE = { UNKNOWN: 0, TOPIC: 2, BROKER: 4, BROKER_LOGGER: 8, CLIENT_METRICS: 16 } as const

const NAMES: ReadonlyMap<number, string> = new Map(Object.entries(RESOURCE).map(([name, id]) => [id, name]))

/** `TOPIC`; what is not known is `UNKNOWN`. */
export function resourceTypeName(type: number): string {
  return NAMES.get(type) ?? 'UNKNOWN'
}

/** `ConfigResource(type=TOPIC, name='orders')`, as it stands in Kafka's messages. */
export function describeResource(type: number, name: string): string {
  return `ConfigResource(type=${resourceTypeName(type)}, name='${name}')`
}

export interface ResourceResult {
  readonly errorCode: number
  readonly errorMessage: string | null
}
