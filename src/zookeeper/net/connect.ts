import type { NetworkClient, NetworkClientOptions } from './network-client.ts'

export type { NetworkClient, NetworkClientOptions }

/** A session with a service elsewhere. The code for it is loaded on first use. Rejects with CONNECTIONLOSS. */
export async function connectZooKeeper(options: NetworkClientOptions): Promise<NetworkClient> {
  const { NetworkClient: Client } = await import('./network-client.ts')
  return Client.connect(options)
}
