import { type ApiHandler, handler } from '../../broker/network/index.ts'
import { describeLogDirs } from '../../protocol/messages/35-describe-log-dirs.ts'
import type { Catalog } from '../catalog.ts'

/** DescribeLogDirs: what one broker has in its directories. */
export function describeLogDirsHandler(catalog: Catalog, brokerId: number): ApiHandler {
  return handler(
    describeLogDirs,
    { min: 0, max: 4 },
    {
      async handle(request) {
        const wanted = request.topics && new Map(request.topics.map((each) => [each.topic, each.partitions]))
        const results = []
        for (const { path: logDir } of catalog.logDirs.filter((dir) => dir.brokerId === brokerId)) {
          const topics = []
          for (const [name, { partitions: all }] of catalog.topics) {
            const partitions = []
            for (const [partitionIndex, { dirs }] of all.entries()) {
              const dir = dirs.find((each) => each.logDir === logDir)
              if (dir === undefined || (wanted !== null && !wanted.get(name)?.includes(partitionIndex)))
                continue
              const partitionSize = await catalog.view(dir).sizeBytes()
              partitions.push({ partitionIndex, partitionSize, offsetLag: 0, isFutureKey: false })
            }
            if (partitions.length > 0) topics.push({ name, partitions })
          }
          results.push({ logDir, topics, ...catalog.spaceOf(logDir) })
        }
        return { results }
      },
      onError: (_request, errorCode) => ({ errorCode }),
    },
  )
}
