import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, bool, int16, int32, int64, string } from '../schema.ts'

/** ApiVersions, key 18: versions 0-4, flexible from 3. */
export const apiVersions = api(18, 'ApiVersions', {
  listeners: ['zkBroker', 'broker', 'controller'],
  request: {
    versions: '0-4',
    flexible: '3+',
    fields: {
      clientSoftwareName: string('3+', { ignorable: true }),
      clientSoftwareVersion: string('3+', { ignorable: true }),
    },
  },
  response: {
    versions: '0-4',
    flexible: '3+',
    fields: {
      errorCode: int16('0+'),
      apiKeys: array('0+', {
        apiKey: int16('0+'),
        minVersion: int16('0+'),
        maxVersion: int16('0+'),
      }),
      throttleTimeMs: int32('1+', { ignorable: true }),
      supportedFeatures: array(
        '3+',
        {
          name: string('3+'),
          minVersion: int16('3+'),
          maxVersion: int16('3+'),
        },
        { ignorable: true, tag: 0, tagged: '3+' },
      ),
      finalizedFeaturesEpoch: int64('3+', { default: -1, ignorable: true, tag: 1, tagged: '3+' }),
      finalizedFeatures: array(
        '3+',
        {
          name: string('3+'),
          maxVersionLevel: int16('3+'),
          minVersionLevel: int16('3+'),
        },
        { ignorable: true, tag: 2, tagged: '3+' },
      ),
      zkMigrationReady: bool('3+', { ignorable: true, tag: 3, tagged: '3+' }),
    },
  },
})

export type ApiVersionsRequest = Decoded<typeof apiVersions.request>
export type ApiVersionsResponse = Decoded<typeof apiVersions.response>
export type ApiVersionsRequestInput = Encodable<typeof apiVersions.request>
export type ApiVersionsResponseInput = Encodable<typeof apiVersions.response>
