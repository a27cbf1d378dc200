import { beforeAll, describe, expect, it } from 'vitest'
import { type AclBinding, Admin, type ClientOptions } from '../../../src/client/index.ts'
import { ERROR_CODES } from '../../../src/protocol/index.ts'
import { findCoordinator } from '../../../src/protocol/messages/10-find-coordinator.ts'
import { describeAcls } from '../../../src/protocol/messages/29-describe-acls.ts'
import { createAcls } from '../../../src/protocol/messages/30-create-acls.ts'
import { alterUserScramCredentials } from '../../../src/protocol/messages/51-alter-user-scram-credentials.ts'
import { updateFeatures } from '../../../src/protocol/messages/57-update-features.ts'
import { describeProducers } from '../../../src/protocol/messages/61-describe-producers.ts'
import { describeTransactions } from '../../../src/protocol/messages/65-describe-transactions.ts'
import { listTransactions } from '../../../src/protocol/messages/66-list-transactions.ts'
import { type Call, FakeCluster } from '../../support/fake-broker.ts'
import { ManualClock } from '../../support/manual-clock.ts'

type Answers = ReadonlyMap<{ readonly key: number }, (call: Call, nth: number) => object>

/** Brokers that answer these requests so; `nth` counts the requests of a kind from 0. */
async function setUp(answers: Answers, brokers = 1, more: Partial<ClientOptions> = {}) {
  const clock = new ManualClock()
  const cluster = await FakeCluster.start(clock, { brokers })
  cluster.addTopic('t', 2)
  const counts = new Map<number, number>()
  cluster.script = (call) => {
    const answer = [...answers].find(([spec]) => spec.key === call.spec.key)?.[1]
    if (answer === undefined) return undefined
    const nth = counts.get(call.spec.key) ?? 0
    counts.set(call.spec.key, nth + 1)
    return { answer: answer(call, nth) }
  }
  const admin = new Admin(cluster.clientOptions(more))
  return { clock, cluster, admin }
}

// They are loaded when they are called, which the virtual clock does not wait for.
beforeAll(() =>
  Promise.all([
    import('../../../src/client/admin/acls.ts'),
    import('../../../src/client/admin/features.ts'),
    import('../../../src/client/admin/scram.ts'),
    import('../../../src/client/admin/transactions.ts'),
  ]),
)

const allow: AclBinding = {
  resourceType: 'TOPIC',
  resourceName: 't',
  patternType: 'LITERAL',
  principal: 'User:a',
  host: '*',
  operation: 'READ',
  permissionType: 'ALLOW',
}

describe('Admin: ACLs with brokers that have no patterns', () => {
  it('makes and finds literal ones, and refuses the others', async () => {
    const found = {
      resourceType: 2,
      resourceName: 't',
      acls: [{ principal: 'User:a', host: '*', operation: 3, permissionType: 3 }],
    }
    const { clock, cluster, admin } = await setUp(
      new Map<{ readonly key: number }, () => object>([
        [createAcls, () => ({ results: [{ errorCode: 0, errorMessage: null }] })],
        [describeAcls, () => ({ errorCode: 0, errorMessage: null, resources: [found] })],
      ]),
    )
    cluster.maxVersions = new Map([
      [createAcls.key, 0],
      [describeAcls.key, 0],
    ])
    expect((await clock.run(admin.createAcls([allow])))[0]?.error).toBeNull()
    expect(await clock.run(admin.describeAcls({ resourceType: 'TOPIC' }))).toEqual([allow])
    const prefixed = clock.run(admin.createAcls([{ ...allow, patternType: 'PREFIXED' }]))
    await expect(prefixed).rejects.toMatchObject({ code: 'KCLI_UNSUPPORTED_VERSION' })
    expect(cluster.callsOf(createAcls)).toHaveLength(1)
    await admin.close()
  })
})

const SALTED = '0997564f292923271312698037b6b0a06a8be7fbd912480847c5a1ace4b8d1c7'

describe('Admin: SCRAM', () => {
  it('asks the controller, whoever that is by now, and never sends a password', async () => {
    const { clock, cluster, admin } = await setUp(
      new Map([
        [
          alterUserScramCredentials,
          (call: Call) => {
            const errorCode = call.broker === 1 ? 0 : ERROR_CODES.NOT_CONTROLLER
            if (errorCode !== 0) cluster.controller = 1
            return { results: [{ user: 'a', errorCode, errorMessage: null }] }
          },
        ],
      ]),
      2,
    )
    const mechanism = 'SCRAM-SHA-256'
    const done = admin.alterUserScramCredentials([
      { op: 'set', user: 'a', mechanism, password: 'pencil', salt: Buffer.from('salt') },
      { op: 'set', user: 'b', mechanism, password: '' },
    ])
    // Key derivation runs in a thread of its own, which the virtual clock does not wait for.
    let isDone = false
    void done.finally(() => {
      isDone = true
    })
    while (!isDone) await clock.advance(50)
    expect(await done).toMatchObject([
      { name: 'b', error: { errorName: 'UNACCEPTABLE_CREDENTIAL' } },
      { name: 'a', error: null },
    ])
    const last = cluster.callsOf(alterUserScramCredentials).at(-1)
    expect(last?.broker).toBe(1)
    expect(last?.body.upsertions).toMatchObject([{ name: 'a', mechanism: 1, iterations: 4096 }])
    // PBKDF2 of RFC 8018 with HMAC-SHA-256, as Python's hashlib gives it.
    expect(Buffer.from(last?.body.upsertions[0].saltedPassword).toString('hex')).toBe(SALTED)
    await admin.close()
  })
})

describe('Admin: features', () => {
  it('asks brokers before 3.3 as they understand it', async () => {
    const { clock, cluster, admin } = await setUp(
      new Map([[updateFeatures, () => ({ errorCode: 0, errorMessage: null, results: [] })]]),
    )
    cluster.maxVersions = new Map([[updateFeatures.key, 0]])
    const updates = [
      { feature: 'a', maxVersionLevel: 2 },
      { feature: 'b', maxVersionLevel: 0, upgradeType: 'UNSAFE_DOWNGRADE' },
    ] as const
    expect(await clock.run(admin.updateFeatures(updates))).toEqual([
      { name: 'a', error: null },
      { name: 'b', error: null },
    ])
    expect(cluster.callsOf(updateFeatures)[0]?.body.featureUpdates).toMatchObject([
      { feature: 'a', allowDowngrade: false },
      { feature: 'b', allowDowngrade: true },
    ])
    await admin.close()
  })
})

describe('Admin: transactions', () => {
  it('lists those of all brokers; one that loads is asked again, one that goes down has none', async () => {
    const states = (transactionalId: string) => ({
      errorCode: 0,
      transactionStates: [{ transactionalId, producerId: 7, transactionState: 'Ongoing' }],
    })
    let loading = 2
    const { clock, admin } = await setUp(
      new Map([
        [
          listTransactions,
          ({ broker }: Call) => {
            if (broker === 0) return states('zero')
            if (broker === 1) return { errorCode: ERROR_CODES.COORDINATOR_NOT_AVAILABLE }
            return loading-- > 0 ? { errorCode: ERROR_CODES.COORDINATOR_LOAD_IN_PROGRESS } : states('two')
          },
        ],
      ]),
      3,
    )
    expect(await clock.run(admin.listTransactions())).toEqual([
      { transactionalId: 'zero', producerId: 7, state: 'Ongoing', coordinator: 0 },
      { transactionalId: 'two', producerId: 7, state: 'Ongoing', coordinator: 2 },
    ])
    await admin.close()
  })

  it('describes those of each coordinator, which it looks for among transactions', async () => {
    const { clock, cluster, admin } = await setUp(
      new Map<{ readonly key: number }, (call: Call) => object>([
        [
          findCoordinator,
          ({ body }) => ({
            coordinators: body.coordinatorKeys.map((key: string) => ({
              key,
              nodeId: key === 'one' ? 1 : 0,
              host: '',
              port: 0,
              errorCode: 0,
              errorMessage: null,
            })),
          }),
        ],
        [
          describeTransactions,
          ({ broker, body }) => ({
            transactionStates: body.transactionalIds.map((transactionalId: string) => ({
              transactionalId,
              errorCode: transactionalId === 'none' ? ERROR_CODES.TRANSACTIONAL_ID_NOT_FOUND : 0,
              transactionState: `at ${broker}`,
              transactionStartTimeMs: -1,
            })),
          }),
        ],
      ]),
      2,
    )
    const described = await clock.run(admin.describeTransactions(['one', 'none']))
    expect(described).toMatchObject([
      { name: 'one', error: null, state: 'at 1', startTimeMs: null },
      { name: 'none', error: { errorName: 'TRANSACTIONAL_ID_NOT_FOUND' } },
    ])
    expect(cluster.callsOf(findCoordinator)[0]?.body.keyType).toBe(1)
    await admin.close()
  })

  it('asks leaders for producers, and again those that have moved', async () => {
    const { clock, cluster, admin } = await setUp(
      new Map([
        [
          describeProducers,
          ({ broker, body }: Call, nth: number) => {
            const errorCode = nth === 0 ? ERROR_CODES.NOT_LEADER_OR_FOLLOWER : 0
            const partitions = body.topics[0].partitionIndexes.map((partitionIndex: number) => ({
              partitionIndex,
              errorCode,
              activeProducers: [{ producerId: broker, producerEpoch: 1, coordinatorEpoch: 0 }],
            }))
            return { topics: [{ name: 't', partitions }] }
          },
        ],
      ]),
      2,
    )
    const of = [1, 0].map((partition) => ({ topic: 't', partition }))
    expect(await clock.run(admin.describeProducers(of))).toMatchObject([
      { name: 't-1', error: null, producers: [{ producerId: 1, currentTransactionStartOffset: null }] },
      { name: 't-0', error: null, producers: [{ producerId: 0 }] },
    ])
    expect(cluster.callsOf(describeProducers)).toHaveLength(3)
    await admin.close()
  })
})
