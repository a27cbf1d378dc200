import { type ExplainedConfig, explainConfigs } from '../../../broker/index.ts'
import type { CommandContext } from '../../context.ts'
import { EXIT } from '../../exit-codes.ts'
import { loadStyles } from '../../output/styles.ts'
import { explainedConfigs } from './known-keys.ts'

/** What one setting means to brokers, or a list of all; nothing is asked of a cluster. */
export async function explainConfig(context: CommandContext, key: string | undefined): Promise<number> {
  if (key === undefined) {
    await context.out.view({
      rows: explainConfigs(),
      columns: [
        { header: 'KEY', value: ({ name }) => name },
        { header: 'OF', value: ({ of }) => of },
        { header: 'TYPE', value: ({ type }) => type },
        { header: 'DEFAULT', value: ({ defaultText }) => defaultText ?? '' },
        { header: 'UPDATE', value: ({ update }) => update },
        { header: 'VALID', value: ({ valid }) => valid, wide: true },
        { header: 'FALLS-BACK-TO', value: fallbackText, wide: true },
      ],
      data: dataOf,
      name: ({ name }) => name,
    })
    return EXIT.done
  }
  const found = explainedConfigs(key)
  const text = async () => {
    const { bold } = await loadStyles(context.terminal.color)
    return found.map((each) => textOf(each, bold)).join('\n')
  }
  await context.out.object(found.map(dataOf), text, () => [key])
  return EXIT.done
}

function dataOf({ name, of, type, defaultText, valid, update, fallsBackTo }: ExplainedConfig) {
  return { name, of, type, default: defaultText, valid: valid || null, update, fallsBackTo }
}

const CHANGES = {
  topic: 'at once, for each topic',
  'read-only': 'only with a restart of the broker',
  'per-broker': 'at once, for one broker',
  'cluster-wide': 'at once, for one broker or for all',
} as const

function textOf(config: ExplainedConfig, bold: (text: string) => string): string {
  const { name, of, type, defaultText, valid, update } = config
  const line = (label: string, value: string) => `${bold(`${label}:`.padEnd(14))} ${value}\n`
  const target =
    update === 'topic' ? '--topic TOPIC' : update === 'per-broker' ? '--broker ID' : '--all-brokers'
  return [
    line('Setting', name),
    line('Of', `${of}s`),
    line('Type', type),
    line('Default', defaultText === null ? 'none' : defaultText === '' ? "'' (empty)" : defaultText),
    line('Valid', valid || 'any'),
    line('Falls back to', fallbackText(config) || '-'),
    line('Changes', CHANGES[update]),
    update === 'read-only' ? '' : line('Change it', `kcli configs alter ${target} --set ${name}=VALUE`),
  ].join('')
}

/** Settings of the broker, with the milliseconds in their unit where that is another. */
function fallbackText({ fallsBackTo }: ExplainedConfig): string {
  return fallsBackTo.map(({ name, factor }) => (factor === 1 ? name : `${name} (× ${factor})`)).join(', ')
}
