import { configFile } from '../profiles/places.ts'

/** Of the profiles that there are; reading them costs the YAML package. */
export async function profileNames(): Promise<readonly string[]> {
  const { ProfileFile } = await import('../profiles/profile-file.ts')
  const file = await ProfileFile.load(configFile(process.env, process.platform))
  return file.names()
}
