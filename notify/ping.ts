import type { NotificationsConfiguration } from '../configuration/notifications-schema.ts';
import { type HttpRequest, sendRequest } from '../http/request.ts';
import { Secret } from '../secrets/secret.ts';
import { type ChannelDependencies, channelFailures } from './channel.ts';

export interface PingedRun {
  /** Source and schedule of the run: checks that watch one of them are pinged. */
  readonly names: readonly string[];
  readonly state: 'start' | 'success' | 'fail';
  /** UUID; lets the service measure how long the run took. */
  readonly runId: string;
  /** Shown by the service beside the ping. */
  readonly message?: string;
}

/** https://healthchecks.io/docs/http_api/: the address itself means success. */
const suffixes = { start: '/start', success: '', fail: '/fail' } as const;

/** Longer texts are cut off by the service. */
const longestMessage = 10_000;

/**
 * Tells outside checks (Healthchecks.io and its like) how a run goes. They raise an alarm when no ping comes:
 * the only way to hear that Resguardo itself is silent. A ping that is repeated does no harm.
 * @throws {Failure} NotificationUnavailable, NotificationRefused, SecretUnavailable, after all were tried
 */
export async function pingChecks(
  { pings }: Pick<NotificationsConfiguration, 'pings'>,
  run: PingedRun,
  {
    resolve,
    timeoutMs,
    signal,
  }: Pick<ChannelDependencies, 'resolve' | 'timeoutMs'> & { readonly signal: AbortSignal },
): Promise<void> {
  const watching = Object.entries(pings).filter(([, { of }]) => of.some((name) => run.names.includes(name)));
  const outcomes = await Promise.allSettled(
    watching.map(async ([name, { url: reference }]) => {
      const request: HttpRequest = {
        name: `ping ${name}`,
        url: pingUrl(await resolve(reference), run),
        method: 'POST',
        body: (run.message ?? '').slice(0, longestMessage),
        signal,
        failures: channelFailures,
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
      };
      await sendRequest(request);
    }),
  );
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

function pingUrl(base: Secret, { state, runId }: PingedRun): Secret {
  const url = URL.parse(base.reveal().trim());
  // What is no URL is refused, and named, where the request is sent.
  if (url === null) return base;
  url.pathname = `${url.pathname.replace(/\/$/, '')}${suffixes[state]}`;
  url.searchParams.set('rid', runId);
  return new Secret(url.href);
}
