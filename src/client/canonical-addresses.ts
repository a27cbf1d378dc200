import type { Address } from '../base/network.ts'

/** Each TCP address by the names that its host's addresses have (ClientUtils.parseAndValidateAddresses). */
export async function canonicalAddresses(
  bootstrap: readonly Address[],
  namesOf: (host: string) => Promise<string[]>,
): Promise<Address[]> {
  const expanded = bootstrap.map(async (address): Promise<Address[]> => {
    if (address.kind !== 'tcp') return [address]
    // A host that cannot be looked up is tried as it is: the attempt says best what is wrong.
    const names = await namesOf(address.host).catch(() => [address.host])
    return [...new Set(names)].map((host) => ({ ...address, host }))
  })
  return (await Promise.all(expanded)).flat()
}
