import { ConfigError } from '../../base/config-def.ts'
import type { Address } from '../../base/network.ts'

const DEFAULT_PORT = 9092

/**
 * The addresses in `bootstrap.servers` or a flag: `host:port`, `[::1]:port`. A port may be left out, which Kafka does not
 * take (ClientUtils.parseAndValidateAddresses). Throws {@link ConfigError}.
 */
export function bootstrapAddresses(words: readonly string[], name: string): Address[] {
  return words
    .map((word) => word.trim())
    .filter((word) => word !== '' || words.length === 1)
    .map((word) => {
      // A security protocol in front, as in PLAINTEXT://host:9092, is how Kafka writes listeners.
      const match = /^(?:PLAINTEXT:\/\/)?(?:\[([0-9a-fA-F:.%]+)\]|([^:/\s]+))(?::(\d{1,5}))?$/.exec(word)
      const host = match?.[1] ?? match?.[2]
      const port = match?.[3] === undefined ? DEFAULT_PORT : Number(match[3])
      if (host === undefined || port < 1 || port > 65_535) {
        throw new ConfigError(`${name} has the address '${word}'`, {
          hint: 'Addresses are HOST:PORT, several with commas between.',
        })
      }
      return { kind: 'tcp', host, port }
    })
}
