import type { ColdS3 } from '../stores/cold-s3.ts';

/** An archive whose data is frozen, for the section `repositories` of an installation; its password is in its `key`. */
export function frozenRepository({ origin }: ColdS3, name: string): string {
  process.env.COLD_KEY = 'key';
  const access = 'accessKeyId: "env:COLD_KEY", secretAccessKey: "env:COLD_KEY"';
  return `  ${name}: { url: "s3:${origin}/archive/main", password: "file:key", archive: true, s3: { storageClass: GLACIER, ${access} } }`;
}
