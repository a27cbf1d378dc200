import { ClientError } from '../../net/index.ts'

/**
 * The offsets were not stored and never will be by this attempt: this consumer is no member of the group any more, and
 * others may read its partitions by now (org.apache.kafka.clients.consumer.CommitFailedException).
 */
export class CommitFailedError extends ClientError {
  constructor(message: string) {
    super('KCLI_COMMIT_FAILED', message, {
      retriable: false,
      hint: 'Poll more often, raise max.poll.interval.ms or lower max.poll.records; the next poll joins again.',
    })
  }
}

/** The group shares its partitions out anew (RebalanceInProgressException). Poll until that is over, then commit again. */
export class RebalanceInProgressError extends ClientError {
  constructor() {
    super('KCLI_REBALANCE_IN_PROGRESS', 'the group is being rebalanced, offsets cannot be committed now', {
      retriable: false,
      hint: 'Go on polling and commit again.',
    })
  }
}

/** An asynchronous commit failed that might succeed if it were sent again (RetriableCommitFailedException). */
export class RetriableCommitFailedError extends ClientError {
  constructor(cause: Error) {
    super('KCLI_COMMIT_FAILED', `offsets were not committed: ${cause.message}`, { retriable: true, cause })
  }
}

/** Something does not go on: the group's protocol was broken by a member, an assignor or the broker. */
export function groupError(message: string): ClientError {
  return new ClientError('KCLI_GROUP', message, { retriable: false })
}
