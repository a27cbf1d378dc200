import { apiVersions } from '../../protocol/messages/18-api-versions.ts'
import { updateFeatures } from '../../protocol/messages/57-update-features.ts'
import type { ClientCore } from '../core.ts'
import { type ItemResult, itemError } from './results.ts'
import { askController, type TimeoutOptions, throwIfNotController } from './topics.ts'

export interface VersionSpan {
  readonly min: number
  readonly max: number
}

/** Features of the cluster (KIP-584); there are none in ZooKeeper mode. */
export interface FeatureDescription {
  readonly supported: Readonly<Record<string, VersionSpan>>
  readonly finalized: Readonly<Record<string, VersionSpan>>
  /** Of the finalized ones; null when there are none. */
  readonly finalizedEpoch: number | null
}

export interface FeatureUpdate {
  readonly feature: string
  /** 0 takes the feature out of use. */
  readonly maxVersionLevel: number
  readonly upgradeType?: 'UPGRADE' | 'SAFE_DOWNGRADE' | 'UNSAFE_DOWNGRADE'
}

const UPGRADE_TYPES = { UPGRADE: 1, SAFE_DOWNGRADE: 2, UNSAFE_DOWNGRADE: 3 } as const
const UPGRADE_TYPE_VERSION = 1
const FEATURES_VERSION = 3

export async function describe(core: ClientCore): Promise<FeatureDescription> {
  return core.retry(async () => {
    const connection = await core.anyConnection()
    const isNew = connection.versionOf(apiVersions) >= FEATURES_VERSION
    const response = await connection.send(
      apiVersions,
      isNew ? { clientSoftwareName: 'kcli', clientSoftwareVersion: '0' } : {},
    )
    const error = itemError(response.errorCode, null)
    if (error !== null) throw error
    const { supportedFeatures, finalizedFeatures, finalizedFeaturesEpoch: epoch } = response
    return {
      supported: Object.fromEntries(
        supportedFeatures.map(({ name, minVersion, maxVersion }) => [
          name,
          { min: minVersion, max: maxVersion },
        ]),
      ),
      finalized: Object.fromEntries(
        finalizedFeatures.map(({ name, minVersionLevel, maxVersionLevel }) => [
          name,
          { min: minVersionLevel, max: maxVersionLevel },
        ]),
      ),
      finalizedEpoch: epoch < 0 ? null : epoch,
    }
  })
}

export async function update(
  core: ClientCore,
  updates: readonly FeatureUpdate[],
  options: TimeoutOptions & { readonly validateOnly?: boolean },
): Promise<ItemResult[]> {
  return askController(core, async (connection) => {
    const hasTypes = connection.versionOf(updateFeatures) >= UPGRADE_TYPE_VERSION
    const response = await connection.send(updateFeatures, {
      ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
      featureUpdates: updates.map(({ feature, maxVersionLevel, upgradeType = 'UPGRADE' }) => ({
        feature,
        maxVersionLevel,
        ...(hasTypes
          ? { upgradeType: UPGRADE_TYPES[upgradeType] }
          : { allowDowngrade: upgradeType !== 'UPGRADE' }),
      })),
      ...(hasTypes ? { validateOnly: options.validateOnly ?? false } : {}),
    })
    throwIfNotController([response.errorCode])
    const error = itemError(response.errorCode, response.errorMessage)
    if (error !== null) throw error
    const failed = new Map(
      response.results.map(({ feature, errorCode, errorMessage }) => [
        feature,
        itemError(errorCode, errorMessage),
      ]),
    )
    // From version 2 on nothing is said of those that went well.
    return updates.map(({ feature }) => ({ name: feature, error: failed.get(feature) ?? null }))
  })
}
