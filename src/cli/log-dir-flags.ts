import * as Flags from '@oclif/core/flags'
import { listFlag } from './flags.ts'

/** Of the commands that look into log directories. */
export const logDirFlags = {
  broker: listFlag({ helpValue: 'ID', summary: 'Only of this broker; may be given many times, or as 0,1.' }),
  sort: Flags.option({
    options: ['broker', 'size'] as const,
    default: 'broker',
    summary: 'What comes first: by broker and directory, or the largest.',
  })(),
}
