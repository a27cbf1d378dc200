import { ConfigError, parseConfigValue } from '../base/config-def.ts'
import { messageOf } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import { ApiError } from './api-error.ts'
import { BrokerConfig, brokerConfigDef, mergeProperties } from './broker-config.ts'
import { BrokerConfigError } from './broker-config-error.ts'
import {
  DYNAMIC_CONFIGS,
  LISTENER_ONLY_CONFIGS,
  PER_BROKER_CONFIGS,
  REPLICATION_QUOTAS,
  THREAD_COUNTS,
} from './dynamic-config-names.ts'

type Properties = ReadonlyMap<string, string>

const LISTENER_PREFIX = /^listener\.name\.[^.]*\.(.*)$/
const ADDRESS_CONFIGS = ['listeners', 'advertised.listeners', 'listener.security.protocol.map']

/** Rules for changing a broker's configuration while it runs (kafka.server.DynamicBrokerConfig). */
export class DynamicBrokerConfig {
  private readonly config: BrokerConfig
  private readonly logger: Logger

  constructor(config: BrokerConfig, logger: Logger) {
    this.config = config
    this.logger = logger
  }

  /** Throws {@link ApiError} INVALID_REQUEST with Kafka's text, which wraps what the validation says. */
  validate(changes: Properties, isPerBroker: boolean): void {
    try {
      this.validateNames(changes, isPerBroker)
      const { defaults, values } = this.config.dynamicLayers
      const merged = isPerBroker
        ? mergeProperties([this.config.staticProperties, defaults, changes])
        : mergeProperties([this.config.staticProperties, changes, values])
      const next = BrokerConfig.fromProperties(merged, { listeners: this.config.listeners })
      this.validateThreadCounts(next)
      this.validateCleanerThreads(next)
    } catch (error) {
      if (error instanceof BrokerConfigError) {
        const prefix = error.isRequirement ? 'requirement failed: ' : ''
        throw new ApiError('INVALID_REQUEST', `${prefix}${error.message}`)
      }
      if (error instanceof ConfigError) throw new ApiError('INVALID_REQUEST', error.message)
      throw error
    }
  }

  private validateNames(changes: Properties, isPerBroker: boolean): void {
    const names = [...changes.keys()]
    const refuse = (bad: readonly string[], message: string) => {
      if (bad.length > 0) throw new ConfigError(`${message}: Set(${bad.join(', ')})`)
    }
    refuse(names.filter(isStatic), 'Cannot update these configs dynamically')
    refuse(
      names.filter((name) => LISTENER_ONLY_CONFIGS.has(name)),
      'These security configs can be dynamically updated only per-listener using the listener prefix',
    )
    for (const [name, text] of changes) parseDynamic(name, text)
    if (!isPerBroker) {
      refuse(
        names.filter(isPerBrokerOnly),
        'Cannot update these configs at default cluster level, broker id must be specified',
      )
    }
    // Sockets are bound once, and passwords would lie in ZooKeeper as they are.
    refuse(
      names.filter((name) => ADDRESS_CONFIGS.includes(name)),
      'These configs cannot be updated while this broker runs yet',
    )
    if (names.some(isPassword)) throw new ConfigError('Password encoder secret not configured')
  }

  private validateThreadCounts(next: BrokerConfig): void {
    for (const name of THREAD_COUNTS) {
      const before = this.config.number(name)
      const after = next.number(name)
      if (after === before) continue
      const fail = (reason: string) => {
        const message = `Dynamic thread count update validation failed for ${name}=${after}, ${reason}`
        throw ConfigError.ofValue(
          'Invalid dynamic configuration',
          `org.apache.kafka.common.config.ConfigException: ${message}`,
          null,
        )
      }
      if (after <= 0) fail('value should be at least 1')
      if (after < Math.floor(before / 2)) fail(`value should be at least half the current value ${before}`)
      if (after > before * 2) fail(`value should not be greater than double the current value ${before}`)
    }
  }

  /** LogCleaner.validateReconfiguration. */
  private validateCleanerThreads(next: BrokerConfig): void {
    const name = 'log.cleaner.threads'
    const before = this.config.number(name)
    const after = next.number(name)
    const fail = (reason: string) => {
      throw ConfigError.ofValue(
        'Invalid dynamic configuration',
        `org.apache.kafka.common.config.ConfigException: ${reason}`,
        null,
      )
    }
    if (after === before) return
    if (after < 1) fail('Log cleaner threads should be at least 1')
    if (after < Math.floor(before / 2)) {
      fail(`Log cleaner threads cannot be reduced to less than half the current value ${before}`)
    }
    if (after > before * 2) {
      fail(`Log cleaner threads cannot be increased to more than double the current value ${before}`)
    }
  }

  /** What lies in ZooKeeper, less what this broker cannot use; each such name is logged. */
  usable(stored: Properties, isPerBroker: boolean): Map<string, string> {
    const usable = new Map<string, string>()
    for (const [name, text] of stored) {
      const reason = whyUnusable(name, text, isPerBroker)
      if (reason === null) usable.set(name, text)
      else this.logger.error(`the dynamic configuration ${name} is ignored: ${reason}`)
    }
    return usable
  }

  /** Takes over a layer from ZooKeeper. A combination that does not work is logged and left out as a whole. */
  apply(layer: 'defaults' | 'values', stored: Properties): void {
    const usable = this.usable(stored, layer === 'values')
    const { defaults, values } = this.config.dynamicLayers
    const layers = layer === 'defaults' ? [usable, values] : [defaults, usable]
    try {
      BrokerConfig.fromProperties(mergeProperties([this.config.staticProperties, ...layers]), {
        listeners: this.config.listeners,
      })
    } catch (error) {
      this.logger.error(`the dynamic ${layer} of this broker cannot be applied: ${messageOf(error)}`)
      return
    }
    this.config.setDynamicLayers({ [layer]: usable })
  }
}

function isStatic(name: string): boolean {
  return brokerConfigDef.key(name) !== undefined && !DYNAMIC_CONFIGS.has(name)
}

function isPerBrokerOnly(name: string): boolean {
  return PER_BROKER_CONFIGS.has(name) || LISTENER_PREFIX.test(name)
}

function isPassword(name: string): boolean {
  const key = brokerConfigDef.key(LISTENER_PREFIX.exec(name)?.[1] ?? name)
  return key?.type === 'PASSWORD'
}

/** Names that are nobody's are kept: they may be a plug-in's. */
function parseDynamic(name: string, text: string): void {
  const base = LISTENER_PREFIX.exec(name)?.[1] ?? name
  if (brokerConfigDef.key(base) !== undefined) brokerConfigDef.parse(base, text)
  if (REPLICATION_QUOTAS.includes(base)) {
    const value = parseConfigValue(base, 'LONG', text)
    if (Number(value) < 0) throw ConfigError.ofValue(base, value, 'Value must be at least 0')
  }
}

function whyUnusable(name: string, text: string, isPerBroker: boolean): string | null {
  if (isStatic(name)) return 'it cannot be changed dynamically'
  if (LISTENER_ONLY_CONFIGS.has(name)) return 'it can be set per listener only'
  if (!isPerBroker && isPerBrokerOnly(name)) return 'it can be set per broker only'
  if (ADDRESS_CONFIGS.includes(name)) return 'listeners cannot be changed while the broker runs yet'
  try {
    parseDynamic(name, text)
    return null
  } catch (error) {
    return messageOf(error)
  }
}
