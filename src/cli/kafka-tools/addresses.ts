import { JavaException } from '../../base/java-exception.ts'

/** Whether `--bootstrap-server` is what Kafka's tools take: `HOST:PORT`, with commas between. */
export function areAddresses(bootstrap: string): boolean {
  return bootstrap.split(',').every((word) => /^\s*(?:\w+:\/\/)?\[?[\w.:%-]+\]?:\d+\s*$/.test(word))
}

/** Throws as Kafka's clients do that cannot be made. */
export function requireAddresses(bootstrap: string, message: string): void {
  const addresses = bootstrap.split(',').filter((address) => address.trim() !== '')
  const wrong = addresses.find((address) => !areAddresses(address))
  if (wrong === undefined && addresses.length > 0) return
  const reason =
    wrong === undefined
      ? 'No resolvable bootstrap urls given in bootstrap.servers'
      : `Invalid url in bootstrap.servers: ${wrong}`
  const cause = new JavaException('org.apache.kafka.common.config.ConfigException', reason)
  throw new JavaException('org.apache.kafka.common.KafkaException', message, cause)
}
