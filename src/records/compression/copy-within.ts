/** Copies from `distance` bytes back. Source and target may overlap: then what was just written is repeated. */
export function copyWithin(out: Buffer, to: number, distance: number, size: number): void {
  if (distance >= size) out.copyWithin(to, to - distance, to - distance + size)
  else if (distance === 1) out.fill(out[to - 1] as number, to, to + size)
  else for (const end = to + size; to < end; to++) out[to] = out[to - distance] as number
}
