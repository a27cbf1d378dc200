import type { CommandContext } from '../../context.ts'
import { EXIT } from '../../exit-codes.ts'
import { type GroupSelection, type Member, partitionsText, viewGroups } from './groups.ts'

export const memberColumns = [
  { header: 'CLIENT', value: ({ clientId }: Member) => clientId },
  { header: 'INSTANCE', value: ({ groupInstanceId }: Member) => groupInstanceId ?? '' },
  { header: 'HOST', value: ({ host }: Member) => host.replace(/^\//, '') },
  { header: 'PARTITIONS', value: ({ partitions }: Member) => partitions?.length ?? '' },
  { header: 'MEMBER', value: ({ memberId }: Member) => memberId, wide: true },
  { header: 'ASSIGNMENT', value: ({ partitions }: Member) => partitionsText(partitions ?? []), wide: true },
]

export function memberData({ memberId, groupInstanceId, clientId, host, topics, partitions }: Member) {
  return { memberId, groupInstanceId, clientId, host, topics, partitions }
}

/** Who is in the groups, and what each of them reads. */
export async function groupMembers(context: CommandContext, selection: GroupSelection): Promise<number> {
  const target = await context.target()
  const groups = await viewGroups(context, target, selection)
  const rows = groups.flatMap(({ groupId, members }) => members.map((member) => ({ groupId, ...member })))
  await context.out.view({
    rows,
    columns: [
      { header: 'GROUP', value: ({ groupId }) => groupId },
      ...memberColumns.map((column) => ({ ...column, wide: column.header === 'MEMBER' })),
    ],
    data: (row) => ({ group: row.groupId, ...memberData(row) }),
    name: ({ memberId }) => memberId,
    empty: groups.length === 1 ? `Nobody is in group '${groups[0]?.groupId}'.` : 'Nobody is in any of them.',
  })
  return EXIT.done
}
