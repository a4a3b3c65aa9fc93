import { createHmac, timingSafeEqual } from 'node:crypto';

/** A host key that somebody has entered, as sshd(8) describes it in "SSH_KNOWN_HOSTS FILE FORMAT". */
export interface KnownKey {
  /** `ssh-ed25519`, … */
  readonly type: string;
  readonly key: Buffer;
  readonly isRevoked: boolean;
}

/** The keys of a host in the text of a known_hosts file. Certificate authorities are passed over. */
export function knownKeys(text: string, host: string, port: number): readonly KnownKey[] {
  const name = (port === 22 ? host : `[${host}]:${port}`).toLowerCase();
  return text.split('\n').flatMap((line) => {
    const words = line.trim().split(/\s+/);
    const marker = words[0]?.startsWith('@') ? words.shift() : undefined;
    const [patterns = '', type = '', key = ''] = words;
    if (patterns.startsWith('#') || key === '' || marker === '@cert-authority') return [];
    if (!matches(patterns, name)) return [];
    return [{ type, key: Buffer.from(key, 'base64'), isRevoked: marker === '@revoked' }];
  });
}

/** Whether the server's key is a known one. */
export function isKnown(keys: readonly KnownKey[], offered: Buffer): boolean {
  const same = keys.filter(({ key }) => key.equals(offered));
  return same.length > 0 && same.every(({ isRevoked }) => !isRevoked);
}

/** Algorithms to ask the server for, so that it shows a key that we can compare. */
export function hostKeyAlgorithms(keys: readonly KnownKey[]): readonly string[] {
  const types = [...new Set(keys.filter(({ isRevoked }) => !isRevoked).map(({ type }) => type))];
  return types.flatMap((type) => (type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'] : [type]));
}

function matches(patterns: string, name: string): boolean {
  if (patterns.startsWith('|1|')) return matchesHash(patterns, name);
  const list = patterns.toLowerCase().split(',');
  if (list.some((pattern) => pattern.startsWith('!') && matchesPattern(pattern.slice(1), name))) return false;
  return list.some((pattern) => matchesPattern(pattern, name));
}

/** `|1|salt|HMAC-SHA1 of the name` */
function matchesHash(hashed: string, name: string): boolean {
  const [, , salt = '', hash = ''] = hashed.split('|');
  const expected = Buffer.from(hash, 'base64');
  const found = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest();
  return expected.length === found.length && timingSafeEqual(expected, found);
}

function matchesPattern(pattern: string, name: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`).test(name);
}
