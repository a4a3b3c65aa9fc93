import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Paths of PEM files: a certificate that is its own authority, and its key. */
export interface TestCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** Makes a certificate for some names and 127.0.0.1. */
export async function makeCertificate(
  folder: string,
  names: readonly string[],
  { isExpired = false }: { readonly isExpired?: boolean } = {},
): Promise<TestCertificate> {
  const files = { certificate: join(folder, 'tls.crt'), key: join(folder, 'tls.key') };
  const subjects = ['IP:127.0.0.1', ...names.map((name) => `DNS:${name}`)].join(',');
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=test'],
    ...['-addext', `subjectAltName=${subjects}`, '-keyout', files.key, '-out', files.certificate],
  ]);
  if (isExpired) {
    const { certificate, key } = files;
    await run('openssl', ['x509', '-in', certificate, '-signkey', key, '-days', '-1', '-out', certificate]);
  }
  return files;
}
