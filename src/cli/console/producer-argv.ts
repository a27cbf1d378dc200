/**
 * What Kafka's parser takes and oclif's does not: `--compression-codec` without a value means gzip, and `--broker-list` is the
 * old name of `--bootstrap-server`.
 */
export function kafkaProducerArgv(argv: readonly string[]): string[] {
  return argv.flatMap((word, i) => {
    const next = argv[i + 1]
    if (word === '--compression-codec' && (next === undefined || next.startsWith('-'))) return [word, 'gzip']
    return [word.replace(/^--broker-list(?==|$)/, '--bootstrap-server')]
  })
}
