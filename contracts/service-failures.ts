import type { FailureRule } from './failure-rule.ts';

/** The part of the failure table that is about telling people, and about being asked by programs. */
export const serviceFailures = {
  NotificationUnavailable: {
    retryable: true,
    exitCode: 1,
    httpStatus: 503,
    advice: 'Check the network and the service that the channel names; the message is sent later.',
  },
  NotificationRefused: {
    retryable: false,
    exitCode: 1,
    httpStatus: 502,
    advice: 'Correct the address or the credentials of the channel, and try it: `resguardo notify test`.',
  },
  Unauthorized: {
    retryable: false,
    exitCode: 1,
    httpStatus: 401,
    advice: 'Send the key that `api.key` refers to as `X-API-Key`, or as `Authorization: Bearer`.',
  },
  TooManyRequests: {
    retryable: true,
    exitCode: 1,
    httpStatus: 429,
    advice: 'Wait for as many seconds as the header `Retry-After` says.',
  },
  NotFound: {
    retryable: false,
    exitCode: 1,
    httpStatus: 404,
    advice: 'Look at `/api/openapi.json` for what there is.',
  },
  RequestTooLarge: {
    retryable: false,
    exitCode: 1,
    httpStatus: 413,
    advice: 'Send less at once.',
  },
} as const satisfies Record<string, FailureRule>;
