/**
 * From which version of an API on the broker answers at once and leaves it to the client to wait (KIP-219,
 * AbstractResponse.shouldClientThrottle); before, it held the answer back itself. APIs that are not here did so from their
 * first version on. (Kafka's own client ignores the time of some of these; its broker reads nothing from the connection
 * meanwhile, so it comes to the same.)
 */
const CLIENT_WAITS_FROM: Readonly<Record<number, number>> = {
  0: 6,
  1: 8,
  2: 3,
  3: 6,
  8: 4,
  9: 4,
  10: 2,
  11: 3,
  12: 2,
  13: 2,
  14: 2,
  15: 2,
  16: 2,
  18: 2,
  19: 3,
  20: 2,
  21: 1,
  22: 1,
  24: 1,
  25: 1,
  26: 1,
  28: 1,
  29: 1,
  30: 1,
  31: 1,
  32: 2,
  33: 1,
  34: 1,
  35: 1,
  37: 1,
  38: 1,
  39: 1,
  40: 1,
  41: 1,
  42: 1,
}

/** How long nothing may be sent to a broker after this answer, in milliseconds. */
export function throttleMsOf(key: number, version: number, response: object): number {
  const { throttleTimeMs = 0 } = response as { throttleTimeMs?: number }
  return throttleTimeMs > 0 && version >= (CLIENT_WAITS_FROM[key] ?? 0) ? throttleTimeMs : 0
}
