/** A range of message versions. `to` is Infinity for an open range such as `3+`; an empty range has `from` > `to`. */
export interface VersionRange {
  readonly from: number
  readonly to: number
}

/** Reads Kafka's notation: `3+`, `0-5`, `7`, `none`. */
export function parseVersions(text: string): VersionRange {
  if (text === 'none') return { from: 1, to: 0 }
  const match = /^(\d+)(?:(\+)|-(\d+))?$/.exec(text)
  if (!match) throw new RangeError(`not a version range: '${text}'`)
  const from = Number(match[1])
  if (match[2] === '+') return { from, to: Number.POSITIVE_INFINITY }
  return { from, to: match[3] === undefined ? from : Number(match[3]) }
}

export function includesVersion(range: VersionRange, version: number): boolean {
  return version >= range.from && version <= range.to
}
