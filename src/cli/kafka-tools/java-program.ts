/** The frame of Kafka's programs that are not made with joptsimple. */
import type { CommandContext } from '../context.ts'
import { type JavaStreams, javaMain } from '../jopt/java-main.ts'
import { ChunkWriter } from '../records/chunk-writer.ts'

export interface ProgramStreams extends JavaStreams {
  /** A promise while the reader of stdout is behind: who prints very much waits for it. */
  readonly waiting: Promise<void> | undefined
}

/** Runs a program's main method and gives its exit code. Lines are written in the turn of the loop they are printed in. */
export async function runProgram(
  context: CommandContext,
  main: (streams: ProgramStreams) => Promise<void>,
): Promise<number> {
  const chunks = new ChunkWriter(context.out.sink)
  let isScheduled = false
  const flush = () => {
    isScheduled = false
    // A reader that is gone is met by whoever waits, and at the end.
    void chunks.flush().catch(() => undefined)
  }
  const streams: ProgramStreams = {
    out: (text) => {
      chunks.add(text)
      if (!isScheduled) context.clock.defer(flush)
      isScheduled = true
    },
    err: (text) => {
      if (text !== '') context.out.note(text.replace(/\n$/, ''))
    },
    get waiting() {
      return chunks.waiting
    },
  }
  try {
    return await javaMain(streams, () => main(streams))
  } finally {
    await chunks.flush()
  }
}
