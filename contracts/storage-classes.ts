/** Classes that services have for objects, by the names that they give them. */

/** `GLACIER` and `DEEP_ARCHIVE` have to be thawed before they are read: they take packs with data alone. */
export const s3StorageClasses = [
  'STANDARD',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER_IR',
  'GLACIER',
  'DEEP_ARCHIVE',
] as const;
export type S3StorageClass = (typeof s3StorageClasses)[number];

/** `Archive` has to be thawed before it is read: it takes packs with data alone. */
export const azureAccessTiers = ['Hot', 'Cool', 'Cold', 'Archive'] as const;
export type AzureAccessTier = (typeof azureAccessTiers)[number];

/** All are read at once. `COLDLINE` and `ARCHIVE`, where reading is dear, take packs with data alone. */
export const gcsStorageClasses = ['STANDARD', 'NEARLINE', 'COLDLINE', 'ARCHIVE'] as const;
export type GcsStorageClass = (typeof gcsStorageClasses)[number];

/** Classes of all services that have to be thawed before they are read. */
const frozenClasses: readonly string[] = ['GLACIER', 'DEEP_ARCHIVE', 'Archive'];

export function isFrozenClass(storageClass: string | undefined): boolean {
  return storageClass !== undefined && frozenClasses.includes(storageClass);
}

/** Classes of all services for what is hardly ever read: to be thawed first, or dear to read. */
const coldClasses: readonly string[] = [...frozenClasses, 'COLDLINE', 'ARCHIVE'];

/** Whether reading objects of a class is something that a person wants to decide. */
export function isColdClass(storageClass: string | undefined): boolean {
  return storageClass !== undefined && coldClasses.includes(storageClass);
}
