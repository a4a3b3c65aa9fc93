import type { AskedFor, Fault } from './fault-proxy.ts';

/** What keeps an object: a retention until a time, or a hold that somebody has to end. */
export type Lock = Date | 'hold' | undefined;

/** Tells which objects are locked, by their names in the bucket; may be changed at any time. */
export interface Retention {
  lockOf(name: string): Lock;
}

/**
 * What Google answers to the delete of an object under retention or a hold, which fake-gcs-server lets go. Its
 * documentation ("JSON API: HTTP status and error codes") has a reason of its own for holds; the service was seen to
 * send `forbidden` for them, with this text.
 */
export function gcsRetention(retention: Retention): Fault {
  return judged(({ method, path }) => {
    const name = /^\/storage\/v1\/b\/[^/]+\/o\/([^?]+)/.exec(path)?.[1];
    const lock = name === undefined ? undefined : retention.lockOf(decodeURIComponent(name));
    if (method !== 'DELETE' || lock === undefined) return undefined;
    const [reason, message] =
      lock === 'hold'
        ? [
            'forbidden',
            `Object '${name}' is under active Temporary hold and cannot be deleted, overwritten or archived until hold is removed.`,
          ]
        : [
            'retentionPolicyNotMet',
            `Object '${name}' is subject to bucket's retention policy or object retention and cannot be deleted or overwritten until ${lock.toISOString().replace('Z', '+00:00')}`,
          ];
    const body = { error: { code: 403, message, errors: [{ message, domain: 'global', reason }] } };
    return answer(403, { 'content-type': 'application/json; charset=UTF-8' }, JSON.stringify(body));
  });
}

/**
 * What Azure answers about a blob under an immutability policy or a legal hold, which Azurite does not know ("Blob Storage
 * error codes", "Get Blob Properties").
 */
export function azureImmutability(retention: Retention): Fault {
  return judged(({ method, path }) => {
    const name = /^\/[^/]+\/[^/]+\/([^?]+)/.exec(path)?.[1];
    const lock = name === undefined ? undefined : retention.lockOf(decodeURIComponent(name));
    if (lock === undefined) return undefined;
    if (method === 'HEAD') {
      return lock === 'hold'
        ? { kind: 'header', name: 'x-ms-legal-hold', value: 'true' }
        : { kind: 'header', name: 'x-ms-immutability-policy-until-date', value: lock.toUTCString() };
    }
    if (method !== 'DELETE') return undefined;
    const [code, why] =
      lock === 'hold'
        ? ['BlobImmutableDueToLegalHold', 'one or more legal holds']
        : ['BlobImmutableDueToPolicy', 'a policy'];
    const body = `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>This operation is not permitted as the blob is immutable due to ${why}.</Message></Error>`;
    return answer(409, { 'content-type': 'application/xml', 'x-ms-error-code': code }, body);
  });
}

function judged(judge: (request: AskedFor) => Fault | undefined): Fault {
  return { kind: 'judged', judge };
}

function answer(status: number, headers: Record<string, string>, body: string): Fault {
  return { kind: 'answer', status, headers, body };
}
