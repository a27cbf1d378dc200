/** The name that each address of a host leads back to, or the address itself (java.net.InetAddress.getCanonicalHostName). */
export async function canonicalNames(host: string): Promise<string[]> {
  const { lookup, lookupService } = await import('node:dns/promises')
  const found = await lookup(host, { all: true })
  const names = found.map(({ address }) =>
    lookupService(address, 0).then(
      ({ hostname }) => hostname,
      () => address,
    ),
  )
  return Promise.all(names)
}
