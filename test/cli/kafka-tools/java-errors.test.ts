import { expect, it } from 'vitest'
import { asKafkaException, executionException } from '../../../src/cli/kafka-tools/java-errors.ts'
import { BrokerError, ClientError } from '../../../src/client/index.ts'

it('a call that brokers do not know is named as Kafka names it', () => {
  const error = new ClientError('KCLI_UNSUPPORTED_VERSION', 'the broker is too old', { retriable: false })
  expect(`${asKafkaException(error, 'describeClientQuotas')}`).toBe(
    'org.apache.kafka.common.errors.UnsupportedVersionException: The node does not support DESCRIBE_CLIENT_QUOTAS',
  )
})

it('a failure of the admin client is wrapped with its class and message', () => {
  expect(`${executionException(new BrokerError(37, 'too few'))}`).toBe(
    'java.util.concurrent.ExecutionException: org.apache.kafka.common.errors.InvalidPartitionsException: too few',
  )
  // Without a message of the broker it is that of the code.
  expect(executionException(new BrokerError(37)).text).toMatch(/: Number of partitions is below 1\.$/)
})
