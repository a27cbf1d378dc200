/** Java sends a subscription of version 1 like this: topics [orders], no user data. */
const subscription = Buffer.from(
  `0001000000010006${Buffer.from('orders').toString('hex')}ffffffff00000000`,
  'hex',
).toString('base64')
const assignment = Buffer.from(
  `0001000000010006${Buffer.from('orders').toString('hex')}0000000100000000ffffffff`,
  'hex',
).toString('base64')

export async function groups({ one, all, versionsOf }) {
  const lookup = (keyType, key) => ({ key, keyType, coordinatorKeys: [key, `${key}-2`] })
  await one(10, 4, lookup(0, 'warm-up'), { store: false })
  for (let i = 0; i < 50; i++) {
    const { coordinators } = await one(10, 4, lookup(0, 'warm-up'), { store: false })
    if (coordinators[0].errorCode === 0) break
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  await all(10, () => lookup(0, 'group-0'))
  const max = (apiKey, v) => Math.min(v, versionsOf.get(apiKey).at(-1))
  const seen = new Set()
  for (const v of versionsOf.get(11)) {
    const groupId = `group-${v}`
    const join = (memberId) => ({
      groupId,
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      memberId,
      groupInstanceId: null,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: subscription }],
      reason: v >= 8 ? 'golden' : null,
    })
    let joined = await one(11, v, join(''), v >= 4 ? { variant: 'member-id-required' } : {})
    if (v >= 4) joined = await one(11, v, join(joined.memberId))
    const { memberId, generationId } = joined
    // The version that goes with this JoinGroup, stored once each.
    const once = async (apiKey, body, variant) => {
      const version = max(apiKey, v)
      const key = `${apiKey} ${version} ${variant ?? ''}`
      const first = !seen.has(key)
      seen.add(key)
      return one(apiKey, version, body, { store: first, variant })
    }
    const memberOf = { groupId, generationId, memberId, groupInstanceId: null }
    await once(14, {
      ...memberOf,
      protocolType: 'consumer',
      protocolName: 'range',
      assignments: [{ memberId, assignment }],
    })
    await once(12, memberOf)
    await once(12, { ...memberOf, generationId: generationId + 5 }, 'illegal-generation')
    await once(8, {
      ...memberOf,
      generationIdOrMemberEpoch: generationId,
      retentionTimeMs: -1,
      topics: [
        {
          name: 'orders',
          partitions: [
            {
              partitionIndex: 0,
              committedOffset: 2,
              committedLeaderEpoch: 0,
              commitTimestamp: -1,
              committedMetadata: 'meta',
            },
          ],
        },
      ],
    })
    const partitions = [{ name: 'orders', partitionIndexes: [0, 1] }]
    await once(9, {
      groupId,
      topics: partitions,
      groups: [{ groupId, memberId: null, memberEpoch: -1, topics: partitions }],
      requireStable: true,
    })
    if (v >= 2)
      await once(
        9,
        {
          groupId,
          topics: null,
          groups: [{ groupId, memberId: null, memberEpoch: -1, topics: null }],
          requireStable: false,
        },
        'all-topics',
      )
    await once(15, { groups: [groupId, 'no-such-group'], includeAuthorizedOperations: true })
    await once(16, { statesFilter: [], typesFilter: [] })
    if (v >= 4) await once(16, { statesFilter: ['Stable', 'Empty'], typesFilter: ['classic'] }, 'filtered')
    await once(13, {
      groupId,
      memberId,
      members: [
        { memberId, groupInstanceId: null, reason: v >= 5 ? 'done' : null },
        { memberId: 'stranger', groupInstanceId: null, reason: null },
      ],
    })
  }
  await one(47, 0, {
    groupId: 'group-0',
    topics: [{ name: 'orders', partitions: [{ partitionIndex: 0 }, { partitionIndex: 1 }] }],
  })
  await all(42, (v) => ({ groupsNames: [`group-${v + 1}`, 'no-such-group'] }))
}
