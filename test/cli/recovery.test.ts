import { describe, expect, it } from 'vitest'
import { RecoveryDisplay, recoveryText } from '../../src/cli/output/recovery.ts'
import type { RecoveryProgress } from '../../src/storage/index.ts'
import { ManualClock } from '../support/manual-clock.ts'

const at = (logs: number, bytes: number): RecoveryProgress => ({
  logs,
  bytes,
  totalLogs: 300,
  totalBytes: 8_000_000_000,
})

describe('a recovery', () => {
  it('is said in words', () => {
    expect(recoveryText(at(12, 3_100_000_000))).toBe('Recovering logs: 12 of 300 (2.9 GiB of 7.5 GiB)')
    const small = { logs: 0, totalLogs: 1, bytes: 0, totalBytes: 0 }
    expect(recoveryText(small)).toBe('Recovering logs: 0 of 1 (0 B of 0 B)')
  })

  it('shows a line of its own from its beginning to its end, where there is none yet', () => {
    const shown: string[] = []
    let text: () => string = () => ''
    const display = new RecoveryDisplay({
      clock: new ManualClock(),
      progress: (of) => {
        shown.push('begun')
        text = of
        return { stop: () => void shown.push('stopped') }
      },
      note: undefined,
    })
    expect(display.text).toBeUndefined()
    display.update(at(0, 0))
    display.update(at(150, 4_000_000_000))
    expect([text(), display.text]).toEqual(
      Array(2).fill('Recovering logs: 150 of 300  ████████░░░░░░░░   50 %  3.7 GiB of 7.5 GiB'),
    )
    display.update(at(300, 8_000_000_000))
    expect([shown, display.text]).toEqual([['begun', 'stopped'], undefined])
  })

  it('is told by a server that nobody watches every five seconds, and not at all when it is quick', () => {
    const lines: string[] = []
    const clock = new ManualClock()
    const server = () =>
      new RecoveryDisplay({ clock, progress: undefined, note: (line) => void lines.push(line) })
    const slow = server()
    for (let i = 0; i <= 12; i++) {
      slow.update(at(i * 25, i * 25_000_000))
      clock.now += 1_000
    }
    expect(lines.map((line) => /\d+ of/.exec(line)?.[0])).toEqual(['125 of', '250 of', '300 of'])
    lines.length = 0
    const quick = server()
    quick.update(at(0, 0))
    quick.update(at(300, 0))
    expect(lines).toEqual([])
  })
})
