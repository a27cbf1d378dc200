/** What to do about it, in words that stand behind every finding of the kind. */
export const ADVICE = {
  repair: 'kcli segments repair shows what it would do about it; stop the broker first.',
  cut: 'Another replica may still have these records: then delete this directory and let the broker fetch it again. Else kcli segments repair cuts the log here and keeps a copy.',
  indexes: 'kcli segments repair builds the index again from the log; a broker does so too when it starts.',
  none: 'Nothing needs to be done.',
  start: 'The next start of the broker puts it right.',
  look: 'Look at the batches there with kcli segments dump, and compare with another replica.',
  foreign: 'Move the file away: no broker put it there.',
} as const
