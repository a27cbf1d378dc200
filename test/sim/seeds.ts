/** Seeds that found something, with what it was. They are run with the tests: the same world may find it again. */
export const KEPT_SEEDS: readonly (readonly [seed: number, found: string])[] = [
  [10, 'a replica that was stopped in a leader epoch could not be started again in the same one'],
  [13, 'a leader from an unclean election never counted as recovered: nobody could join its ISR'],
  [26, 'a replica that could not be started, for want of room, and then was deleted held up the deletion'],
  [27, 'a follower refused what it fetched when segment.bytes had been made smaller'],
  [
    94,
    'after a restart only the last batch of a producer was known: a repeated earlier one was stored twice',
  ],
  [185, 'a hole in a log: the next segment was there, the last bytes of the one before it were not'],
  [205, 'a log that began anew on a full disk was left without a segment'],
  [277, 'the only replica that could lead came back, and was not elected'],
  [630, 'a log that a full disk had no room for was never made'],
  [1040, 'an append that waited while the next leader epoch began moved the start of that epoch'],
  [1753, 'a batch that hung at the old leader while later ones passed at the new one was stored twice'],
  [10180, 'a deletion that a full disk had held up did not go on'],
  [
    141_424,
    'a follower with a tail of another leader ended within a batch at which the leader began, and never came back in sync',
  ],
  [
    201_398,
    'what ZooKeeper had written and not synced before it was killed was lost with the power, behind what it had synced since',
  ],
  [300_854, 'a log that was cut within a batch ended behind a hole, where no batch of the leader fitted'],
  [
    400_733,
    'a replica that there was room for again counted as offline: the deletion of its topic waited for it for ever',
  ],
  [
    400_866,
    'a broker that had heard of one partition of __consumer_offsets took it for all, and looked for groups in the wrong one',
  ],
  [
    502_606,
    'where compaction had taken the first batches of an epoch, a follower kept what it had of an older one at their offsets',
  ],
]
