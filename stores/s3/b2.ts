import { resolveSecret } from '../../secrets/resolve.ts';
import type { StoreSettings } from '../settings.ts';
import { codeOf, networkTrouble, StoreFailure, statusTrouble } from '../trouble.ts';
import { parseB2Location, type S3Location } from './location.ts';

const authorizeUrl = 'https://api.backblazeb2.com/b2api/v3/b2_authorize_account';
const answerTimeoutMs = 15_000;

/**
 * Finds the S3 endpoint of the account behind `b2:bucket:path`, and gives the key to it. The key comes from the
 * settings, else from B2_ACCOUNT_ID and B2_ACCOUNT_KEY as restic has it. Where `s3.region` is set, nobody is asked.
 * @throws {Failure} InvalidConfiguration, StoreAuthentication, StoreUnavailable
 */
export async function b2AsS3(
  url: string,
  settings: StoreSettings,
  authorize: string = authorizeUrl,
): Promise<{ readonly location: S3Location; readonly settings: StoreSettings }> {
  const { bucket, prefix } = parseB2Location(url);
  const { s3 = {} } = settings;
  const accessKeyId = s3.accessKeyId ?? 'env:B2_ACCOUNT_ID';
  const secretAccessKey = s3.secretAccessKey ?? 'env:B2_ACCOUNT_KEY';
  const key = {
    id: (await resolveSecret(accessKeyId, settings.env)).reveal(),
    secret: (await resolveSecret(secretAccessKey, settings.env)).reveal(),
  };
  const endpoint =
    s3.region === undefined ? await endpointOf(key, authorize) : `https://s3.${s3.region}.backblazeb2.com`;
  return {
    location: { endpoint, bucket, prefix },
    settings: { ...settings, s3: { ...s3, accessKeyId, secretAccessKey } },
  };
}

interface Key {
  readonly id: string;
  readonly secret: string;
}

async function endpointOf({ id, secret }: Key, authorize: string): Promise<string> {
  const authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
  let answer: Response;
  try {
    const signal = AbortSignal.timeout(answerTimeoutMs);
    answer = await fetch(authorize, { headers: { authorization }, signal });
  } catch (error) {
    const code = codeOf(error) ?? 'ETIMEDOUT';
    throw failure(networkTrouble(code) ?? 'unreachable', code, error);
  }
  if (!answer.ok) throw failure(statusTrouble(answer.status), `HTTP ${answer.status}`);
  const found = /"s3ApiUrl"\s*:\s*"(https?:\/\/[^"\s]+)"/.exec(await answer.text())?.[1];
  if (found === undefined) throw failure('garbled', 'no s3ApiUrl');
  return found;
}

function failure(trouble: ReturnType<typeof statusTrouble>, code: string, cause?: unknown): StoreFailure {
  return new StoreFailure(trouble, {
    action: 'Asking for the S3 endpoint of the account',
    place: 'Backblaze B2',
    code,
    advice:
      trouble === 'wrong-credentials'
        ? 'Check B2_ACCOUNT_ID and B2_ACCOUNT_KEY: an application key is needed, not the master key.'
        : undefined,
    cause,
  });
}
