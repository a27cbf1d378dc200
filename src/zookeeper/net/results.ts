import type { Stat } from '../client.ts'
import type { TxnResult } from '../data-tree.ts'
import { ZOOKEEPER_ERROR_CODES, ZooKeeperError } from '../errors.ts'
import type { JuteWriter } from '../jute.ts'
import type { Prepared } from '../prepare.ts'
import type { WireWrite } from './requests.ts'
import { MULTI_END, REQUEST_TYPES, writeMultiHeader, writeStat } from './wire.ts'

/** The body of the answer to a request that was done, or to a multi, done or not. Undefined when there is none. */
export function writeWriteResult(
  { request, types }: WireWrite,
  result: TxnResult,
  prepared: Prepared | undefined,
): ((writer: JuteWriter) => void) | undefined {
  switch (request.kind) {
    case 'create':
      return (writer) => writeCreated(writer, result, types[0] !== REQUEST_TYPES.create)
    case 'setData':
    case 'setAcl':
      return (writer) => writeStat(writer, statOf(result))
    case 'multi':
      return (writer) => writeSteps(writer, types, result, prepared)
    default:
      return undefined
  }
}

function writeCreated(writer: JuteWriter, result: TxnResult, withStat: boolean): void {
  writer.writeString(result.path)
  if (withStat) writeStat(writer, statOf(result))
}

/** All steps were done, or each has an error: 0 before the one that failed, RUNTIMEINCONSISTENCY behind it. */
function writeSteps(
  writer: JuteWriter,
  types: readonly number[],
  result: TxnResult,
  prepared: Prepared | undefined,
): void {
  const error = prepared?.error
  for (const [index, type] of types.entries()) {
    const step = result.steps[index]
    if (error !== undefined || step === undefined) {
      const failedIndex = prepared?.failedIndex ?? 0
      const later =
        index > failedIndex ? ZOOKEEPER_ERROR_CODES.RUNTIMEINCONSISTENCY : (error?.numericCode ?? 0)
      const err = index < failedIndex ? 0 : later
      writeMultiHeader(writer, { type: -1, isDone: false, err })
      writer.writeInt(err)
    } else writeStep(writer, type, step)
  }
  writeMultiHeader(writer, MULTI_END)
}

function writeStep(writer: JuteWriter, type: number, step: TxnResult): void {
  const withStat = TYPES_WITH_STAT.has(type)
  writeMultiHeader(writer, { type: withStat ? REQUEST_TYPES.create2 : type, isDone: false, err: 0 })
  if (type === REQUEST_TYPES.create || withStat) writeCreated(writer, step, withStat)
  else if (type === REQUEST_TYPES.setData) writeStat(writer, statOf(step))
}

const TYPES_WITH_STAT: ReadonlySet<number> = new Set([
  REQUEST_TYPES.create2,
  REQUEST_TYPES.createContainer,
  REQUEST_TYPES.createTtl,
])

function statOf(result: TxnResult): Stat {
  if (result.stat === null) throw new ZooKeeperError('SYSTEMERROR', result.path)
  return result.stat
}
