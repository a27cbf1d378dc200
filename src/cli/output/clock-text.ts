/** `14:03:27`: of the day, as the reader's clock shows it. */
export function clockText(timeMs: number): string {
  return new Date(timeMs).toTimeString().slice(0, 8)
}
