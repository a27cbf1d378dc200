export { bootstrapAddresses } from './bootstrap.ts'
export { type ClientKind, type KnownProperty, knownProperties, ownPropertyNames } from './catalog.ts'
export {
  type AdminProperties,
  type AdminSettings,
  adminSettings,
  type ClientSettings,
  type ConsumerProperties,
  type ConsumerSettings,
  consumerSettings,
  type LibraryProperties,
  type ProducerProperties,
  type ProducerSettings,
  producerSettings,
  type SettingsOptions,
  sharedSettings,
} from './settings.ts'
