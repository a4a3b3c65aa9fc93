import type { ThawSpeed } from '../../contracts/thaw.ts';

/** What a class of storage costs, in US dollars; a GB has as many bytes as its provider says. */
export interface ClassPrice {
  readonly storagePerGbMonth: number;
  readonly putPer1000: number;
  readonly getPer1000: number;
  /** For each GB that is read straight from the class; nothing when left out. */
  readonly retrievalPerGb?: number | undefined;
  /** An object that is removed or changed earlier is billed as if it had stayed. */
  readonly leastDays?: number | undefined;
  /** A smaller object is billed as one of this size. */
  readonly leastObjectBytes?: number | undefined;
  /** Billed beside each object, for its name and its place. */
  readonly overheadBytes?: number | undefined;
  /** Only classes that cannot be read at once: what it costs to have objects thawed. */
  readonly thaw?: { readonly [Speed in ThawSpeed]?: ThawPrice | undefined } | undefined;
}

export interface ThawPrice {
  readonly perGb: number;
  readonly per1000: number;
  /** How long it takes usually: from, to. */
  readonly hours: readonly [number, number];
}

export interface ProviderPrices {
  readonly name: string;
  /** Region and redundancy that the prices are of. */
  readonly of: string;
  /** Page of the provider that has them. */
  readonly source: string;
  /** Hosts of its service, as they stand in addresses of stores: for providers that we do not know. */
  readonly hosts?: readonly string[] | undefined;
  /** What it counts as one GB. */
  readonly gbBytes: number;
  /** To the internet, beyond what is free. */
  readonly egressPerGb: number;
  /** Bytes of a month that leave for nothing. */
  readonly freeEgressBytes?: number | undefined;
  /** Free egress of a month as a multiple of what is stored. */
  readonly freeEgressRatio?: number | undefined;
  /** Class of objects for which none is named. */
  readonly defaultClass: string;
  readonly classes: Readonly<Record<string, ClassPrice>>;
}

export interface PriceList {
  /** Month in which the pages were looked at. */
  readonly asOf: string;
  readonly providers: Readonly<Record<string, ProviderPrices>>;
}

const kib = 1024;
/** Most count 2³⁰ bytes and call them a GB. */
const gib = 2 ** 30;

/**
 * List prices of the first tier, without tax, discounts and free allowances of new accounts; read by us from what the
 * providers' pages and reports about them say. A file of your own (`prices` of the
 * configuration, `cost --prices`) replaces what has changed.
 */
export const listPrices: PriceList = {
  asOf: '2026-10',
  providers: {
    aws: {
      name: 'Amazon S3',
      of: 'us-east-1',
      source: 'https://aws.amazon.com/s3/pricing/',
      gbBytes: gib,
      egressPerGb: 0.09,
      freeEgressBytes: 100 * gib,
      defaultClass: 'STANDARD',
      classes: {
        STANDARD: { storagePerGbMonth: 0.023, putPer1000: 0.005, getPer1000: 0.0004 },
        INTELLIGENT_TIERING: { storagePerGbMonth: 0.023, putPer1000: 0.005, getPer1000: 0.0004 },
        STANDARD_IA: {
          storagePerGbMonth: 0.0125,
          putPer1000: 0.01,
          getPer1000: 0.001,
          retrievalPerGb: 0.01,
          leastDays: 30,
          leastObjectBytes: 128 * kib,
        },
        ONEZONE_IA: {
          storagePerGbMonth: 0.01,
          putPer1000: 0.01,
          getPer1000: 0.001,
          retrievalPerGb: 0.01,
          leastDays: 30,
          leastObjectBytes: 128 * kib,
        },
        GLACIER_IR: {
          storagePerGbMonth: 0.004,
          putPer1000: 0.02,
          getPer1000: 0.01,
          retrievalPerGb: 0.03,
          leastDays: 90,
          leastObjectBytes: 128 * kib,
        },
        GLACIER: {
          storagePerGbMonth: 0.0036,
          putPer1000: 0.03,
          getPer1000: 0.0004,
          leastDays: 90,
          overheadBytes: 40 * kib,
          thaw: {
            bulk: { perGb: 0, per1000: 0, hours: [5, 12] },
            standard: { perGb: 0.01, per1000: 0.05, hours: [3, 5] },
            expedited: { perGb: 0.03, per1000: 10, hours: [1 / 60, 5 / 60] },
          },
        },
        DEEP_ARCHIVE: {
          storagePerGbMonth: 0.00099,
          putPer1000: 0.05,
          getPer1000: 0.0004,
          leastDays: 180,
          overheadBytes: 40 * kib,
          thaw: {
            bulk: { perGb: 0.0025, per1000: 0.025, hours: [12, 48] },
            standard: { perGb: 0.02, per1000: 0.1, hours: [9, 12] },
          },
        },
      },
    },
    azure: {
      name: 'Azure Blob Storage',
      of: 'East US 2, locally redundant',
      source: 'https://azure.microsoft.com/pricing/details/storage/blobs/',
      gbBytes: gib,
      egressPerGb: 0.087,
      freeEgressBytes: 100 * gib,
      defaultClass: 'Hot',
      classes: {
        Hot: { storagePerGbMonth: 0.0184, putPer1000: 0.005, getPer1000: 0.0004 },
        Cool: {
          storagePerGbMonth: 0.01,
          putPer1000: 0.01,
          getPer1000: 0.001,
          retrievalPerGb: 0.01,
          leastDays: 30,
        },
        Cold: {
          storagePerGbMonth: 0.0036,
          putPer1000: 0.018,
          getPer1000: 0.01,
          retrievalPerGb: 0.03,
          leastDays: 90,
        },
        Archive: {
          storagePerGbMonth: 0.002,
          putPer1000: 0.01,
          getPer1000: 0.5,
          leastDays: 180,
          thaw: {
            standard: { perGb: 0.02, per1000: 0.5, hours: [1, 15] },
            expedited: { perGb: 0.1, per1000: 5, hours: [0.25, 1] },
          },
        },
      },
    },
    gcs: {
      name: 'Google Cloud Storage',
      of: 'us-central1',
      source: 'https://cloud.google.com/storage/pricing',
      gbBytes: gib,
      egressPerGb: 0.12,
      defaultClass: 'STANDARD',
      classes: {
        STANDARD: { storagePerGbMonth: 0.02, putPer1000: 0.005, getPer1000: 0.0004 },
        NEARLINE: {
          storagePerGbMonth: 0.01,
          putPer1000: 0.01,
          getPer1000: 0.001,
          retrievalPerGb: 0.01,
          leastDays: 30,
        },
        COLDLINE: {
          storagePerGbMonth: 0.004,
          putPer1000: 0.02,
          getPer1000: 0.01,
          retrievalPerGb: 0.02,
          leastDays: 90,
        },
        ARCHIVE: {
          storagePerGbMonth: 0.0012,
          putPer1000: 0.05,
          getPer1000: 0.05,
          retrievalPerGb: 0.05,
          leastDays: 365,
        },
      },
    },
    b2: {
      name: 'Backblaze B2',
      of: 'all regions',
      source: 'https://www.backblaze.com/cloud-storage/pricing',
      gbBytes: 1e9,
      egressPerGb: 0.01,
      freeEgressRatio: 3,
      defaultClass: 'STANDARD',
      classes: { STANDARD: { storagePerGbMonth: 0.006, putPer1000: 0, getPer1000: 0.0004 } },
    },
    wasabi: {
      name: 'Wasabi',
      of: 'all regions, pay as you go, without its least bill of one TB',
      source: 'https://wasabi.com/pricing',
      gbBytes: gib,
      egressPerGb: 0,
      defaultClass: 'STANDARD',
      classes: {
        STANDARD: {
          storagePerGbMonth: 7.99 / 1024,
          putPer1000: 0,
          getPer1000: 0,
          leastDays: 90,
          leastObjectBytes: 4 * kib,
        },
      },
    },
    r2: {
      name: 'Cloudflare R2',
      of: 'all regions',
      source: 'https://developers.cloudflare.com/r2/pricing/',
      gbBytes: 1e9,
      egressPerGb: 0,
      defaultClass: 'STANDARD',
      classes: {
        STANDARD: { storagePerGbMonth: 0.015, putPer1000: 0.0045, getPer1000: 0.00036 },
        STANDARD_IA: {
          storagePerGbMonth: 0.01,
          putPer1000: 0.009,
          getPer1000: 0.0009,
          retrievalPerGb: 0.01,
          leastDays: 30,
        },
      },
    },
  },
};

/** Hosts of the services, as they stand in the address of a store. */
const hosts: readonly (readonly [RegExp, string])[] = [
  [/amazonaws\.com/, 'aws'],
  [/wasabisys\.com/, 'wasabi'],
  [/r2\.cloudflarestorage\.com/, 'r2'],
  [/backblazeb2\.com/, 'b2'],
];

/** Key of the provider behind the address of a store; undefined for a server or disk of one's own. */
export function providerOf(location: string, { providers }: PriceList = listPrices): string | undefined {
  const scheme = /^([a-z0-9]{2,}):/.exec(location)?.[1];
  const named = Object.entries(providers).find(([, { hosts: own = [] }]) =>
    own.some((host) => scheme !== undefined && location.includes(host)),
  );
  if (named !== undefined) return named[0];
  if (scheme === 'azure') return 'azure';
  if (scheme === 'gs') return 'gcs';
  if (scheme === 'b2') return 'b2';
  return scheme === 's3' ? hosts.find(([host]) => host.test(location))?.[1] : undefined;
}
