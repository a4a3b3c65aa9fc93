import { isFailure } from '../../contracts/failures.ts';
import { codeOf, networkTrouble, StoreFailure, type Trouble } from '../trouble.ts';

/** Status codes of SFTP version 3 (draft-ietf-secsh-filexfer-02, 7). */
export const status = { noSuchFile: 2, permissionDenied: 3, failure: 4 } as const;

const statusTroubles: Readonly<Record<number, Trouble>> = {
  2: 'no-container',
  3: 'forbidden',
  // The server had no better word: most often another process is in the way.
  4: 'busy',
  5: 'garbled',
  6: 'interrupted',
  7: 'interrupted',
  8: 'bad-request',
};

/** What ssh2 calls the stage at which a connection failed. */
const levelTroubles: Readonly<Record<string, Trouble>> = {
  'client-authentication': 'wrong-credentials',
  'client-timeout': 'stalled',
  'client-socket': 'interrupted',
  agent: 'no-credentials',
  handshake: 'bad-request',
  protocol: 'garbled',
};

export interface SftpRequest {
  /** "Writing", "Reading", … */
  readonly action: string;
  /** Host, and path if it is known, without secrets. */
  readonly place: string;
  readonly signal?: AbortSignal | undefined;
}

/** Translates an error of the server, SSH or the network; an abort is thrown as the signal has it. */
export function sftpFailure(error: unknown, { action, place, signal }: SftpRequest): unknown {
  if (signal?.aborted) return signal.reason;
  if (isFailure(error)) return error;
  const number = sftpStatus(error);
  const level = error instanceof Error && 'level' in error ? String(error.level) : '';
  const network = codeOf(error);
  const text = error instanceof Error ? error.message : String(error);
  const trouble =
    (number === undefined ? undefined : statusTroubles[number]) ??
    (network === undefined ? undefined : networkTrouble(network)) ??
    (/Keepalive timeout/.test(text) ? 'stalled' : undefined) ??
    (/^Cannot parse privateKey/.test(text) ? 'no-credentials' : undefined) ??
    levelTroubles[level] ??
    'interrupted';
  return new StoreFailure(trouble, {
    action,
    place,
    code: network ?? (level === '' ? text : `${level}: ${text}`),
    advice: advices[trouble],
    cause: error,
  });
}

const advices: Partial<Record<Trouble, string>> = {
  'wrong-credentials':
    'Enter the public key in ~/.ssh/authorized_keys of the user there, or correct user, sftp.privateKey or sftp.password.',
  'no-credentials': 'Correct sftp.privateKey or sftp.passphrase, or start the SSH agent.',
  'no-container': 'Create the folder, or correct the path in the repository URL.',
  'bad-request':
    'Check host and port: what answers there is no SSH server, or none that shares a method with us.',
  forbidden: 'Give the user on the server the right to read and write the folder.',
};

/** Status code of the server, or undefined if the error is no answer of it. */
export function sftpStatus(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'number' ? error.code : undefined;
}
