import { BlockList, isIP } from 'node:net'

/** `10.1.0.0/16`, `fe80::/10`, or one address. */
export function isIpRange(text: string): boolean {
  const [network = '', bits, ...more] = text.split('/')
  const version = isIP(network)
  if (version === 0 || more.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= bitsOf(version))
}

/** False as well when one of them is neither. */
export function isInIpRange(address: string, range: string): boolean {
  const [network = '', bits] = range.split('/')
  const version = isIP(network)
  if (!isIpRange(range) || isIP(address) !== version) return false
  const family = version === 6 ? 'ipv6' : 'ipv4'
  const list = new BlockList()
  list.addSubnet(network, bits === undefined ? bitsOf(version) : Number(bits), family)
  return list.check(address, family)
}

function bitsOf(version: number): number {
  return version === 6 ? 128 : 32
}
