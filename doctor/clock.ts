import { type CheckResult, ok, warning } from './check.ts';

const answerTimeoutMs = 5_000;
/** Services refuse requests whose time differs by 15 minutes; a clock that is off by one goes on drifting. */
const tolerableMs = 60_000;

/** Compares our clock with that of the service, as its HTTP answers tell it. Says nothing where none is told. */
export async function clockResults(
  subject: string,
  url: string,
  signal: AbortSignal,
): Promise<readonly CheckResult[]> {
  const origin = serviceOrigin(url);
  const offsetMs = origin === undefined ? undefined : await clockOffset(origin, signal);
  if (offsetMs === undefined) return [];
  const seconds = Math.round(Math.abs(offsetMs) / 1000);
  if (Math.abs(offsetMs) <= tolerableMs) {
    return [ok('clock', subject, `The clocks of the service and of this machine agree.`)];
  }
  const direction = offsetMs > 0 ? 'behind' : 'ahead of';
  return [
    warning('clock', subject, {
      message: `The clock of this machine is ${seconds} s ${direction} that of ${origin}; from 900 s on requests are refused.`,
      mend: 'Set the clock, by NTP for example: timedatectl set-ntp true',
    }),
  ];
}

/** Where the service of a repository answers HTTP, if its URL tells. */
function serviceOrigin(url: string): string | undefined {
  if (url.startsWith('gs:')) return 'https://storage.googleapis.com';
  const [, address] = /^s3:(?:\/\/)?((?:https?:\/\/)?[^/]+)/.exec(url) ?? [];
  if (address === undefined) return undefined;
  return /^https?:/.test(address) ? address : `https://${address}`;
}

/** Milliseconds that the service is ahead of us; the header counts whole seconds. */
async function clockOffset(origin: string, signal: AbortSignal): Promise<number | undefined> {
  try {
    const patience = AbortSignal.any([signal, AbortSignal.timeout(answerTimeoutMs)]);
    const answer = await fetch(origin, { method: 'HEAD', redirect: 'manual', signal: patience });
    const time = Date.parse(answer.headers.get('date') ?? '');
    return Number.isNaN(time) ? undefined : time - Date.now();
  } catch {
    // Whether it is reached at all is told by another check.
    return undefined;
  }
}
