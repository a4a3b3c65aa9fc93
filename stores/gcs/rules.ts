import { watchedAgents } from '../network/agents.ts';
import { httpRequest } from '../network/http-request.ts';
import { Bandwidth } from '../network/limits.ts';
import type { StoreSettings } from '../settings.ts';
import { endpointOf } from './endpoint.ts';
import { answerFailure, networkFailure } from './failures.ts';
import { field } from './field.ts';
import { type GcsLocation, parseGcsLocation } from './location.ts';
import { tokenSource } from './token.ts';

const action = 'storage.buckets.get';

/** A rule of a bucket that deletes what lies in a repository. */
export interface GcsRule {
  /** Rules have no names there: the number, from 1 on. */
  readonly id: string;
  /** For people: "deletes objects after 30 days". */
  readonly description: string;
}

/**
 * The lifecycle rules of the bucket of a repository that delete live objects of it; undefined when the credentials may
 * not look (the right is storage.buckets.get).
 * @throws {Failure} as the store
 */
export async function readHarmfulRules(
  url: string,
  settings: StoreSettings,
  signal: AbortSignal,
): Promise<readonly GcsRule[] | undefined> {
  const location = parseGcsLocation(url);
  const { bandwidth = new Bandwidth(), caFile, times } = settings;
  const agents = await watchedAgents({ bandwidth, caFile, times });
  const endpoint = endpointOf(settings);
  const place = `bucket ${location.bucket} of ${new URL(endpoint).host}`;
  try {
    const token = await (await tokenSource(settings))();
    const answer = await httpRequest({
      method: 'GET',
      url: `${endpoint}/storage/v1/b/${location.bucket}?fields=lifecycle`,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      agents,
      signal,
    });
    if (answer.status === 403) return undefined;
    if (answer.status !== 200) throw answerFailure(answer, { action, place });
    return harmfulRules(JSON.parse(answer.body.toString('utf8')), location);
  } catch (error) {
    throw networkFailure(error, { action, place, signal });
  } finally {
    agents.destroy();
  }
}

/** Those of a bucket's rules that delete live objects below a prefix. No class of this service freezes. */
export function harmfulRules(bucket: unknown, { prefix }: Pick<GcsLocation, 'prefix'>): readonly GcsRule[] {
  const rules = field(field(bucket, 'lifecycle'), 'rule');
  if (!Array.isArray(rules)) return [];
  return rules.flatMap((rule: unknown, index) => {
    const condition = field(rule, 'condition');
    const deletes = field(field(rule, 'action'), 'type') === 'Delete';
    if (!deletes || isForOldVersions(condition) || !concerns(condition, prefix)) return [];
    const age = field(condition, 'age');
    const when = typeof age === 'number' ? ` after ${age} days` : '';
    return [{ id: `number ${index + 1}`, description: `deletes objects${when}` }];
  });
}

/** Days after which a rule removes older versions; undefined when none does without asking for more. */
export function daysOfOldVersions(
  bucket: unknown,
  { prefix }: Pick<GcsLocation, 'prefix'>,
): number | undefined {
  const rules = field(field(bucket, 'lifecycle'), 'rule');
  const days = (Array.isArray(rules) ? rules : []).flatMap((rule: unknown) => {
    const condition = field(rule, 'condition');
    const after = field(condition, 'daysSinceNoncurrentTime');
    const asksMore = Object.keys(Object(condition)).some((name) => !plainConditions.has(name));
    const isMeant = field(field(rule, 'action'), 'type') === 'Delete' && concerns(condition, prefix);
    return typeof after === 'number' && isMeant && !asksMore ? [after] : [];
  });
  return days.length === 0 ? undefined : Math.min(...days);
}

const plainConditions = new Set(['daysSinceNoncurrentTime', 'isLive', 'matchesPrefix']);

/** Conditions that no live object meets. */
function isForOldVersions(condition: unknown): boolean {
  const old = ['daysSinceNoncurrentTime', 'noncurrentTimeBefore', 'numNewerVersions'];
  return field(condition, 'isLive') === false || old.some((name) => field(condition, name) !== undefined);
}

/** Suffixes and ages may still meet some of our objects: only another prefix keeps a rule away. */
function concerns(condition: unknown, prefix: string): boolean {
  const prefixes = field(condition, 'matchesPrefix');
  if (!Array.isArray(prefixes) || prefixes.length === 0) return true;
  const own = prefix === '' ? '' : `${prefix}/`;
  return prefixes.some((each) => own.startsWith(String(each)) || String(each).startsWith(own));
}
