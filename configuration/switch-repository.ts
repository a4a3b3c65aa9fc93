import { type Document, isMap, parseDocument, type YAMLMap } from 'yaml';
import { parseConfiguration } from './load.ts';

/** Fields of a repository that say how its place is reached. */
const accessFields = ['caFile', 's3', 'azure', 'gcs', 'sftp'] as const;

/** The one that a URL can have, by its scheme. */
const serviceFields: Readonly<Record<string, string>> = {
  s3: 's3',
  b2: 's3',
  azure: 'azure',
  gs: 'gcs',
  sftp: 'sftp',
};

/** Where a repository of a configuration file is to lie from now on. */
export type NewPlace =
  | { readonly kind: 'url'; readonly url: string }
  /** Where another entry of the file leads, which is taken over with its access, and removed. */
  | { readonly kind: 'entry'; readonly name: string };

export interface Switch {
  /** Absolute path of the file. */
  readonly file: string;
  readonly text: string;
  readonly repository: string;
  readonly place: NewPlace;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * The text of a configuration file after a repository was moved: its entry leads to the new place. Comments stay.
 * Undefined where the text is not written so that this can be done, and a person has to.
 */
export function switchedConfiguration({ file, text, repository, place, env }: Switch): string | undefined {
  const document = parseDocument(text);
  const entry = document.getIn(['repositories', repository]);
  if (document.errors.length > 0 || !isMap(entry)) return undefined;
  if (place.kind === 'url') leadTo(entry, place.url);
  else if (!takeOver(document, repository, place.name)) return undefined;
  const switched = document.toString({ lineWidth: 0, flowCollectionPadding: !/\{\S/.test(text) });
  return isValid(file, switched, env) ? switched : undefined;
}

/** Access that no URL of that kind can have goes. */
function leadTo(entry: YAMLMap, url: string): void {
  const service = serviceFields[url.split(':', 1)[0] ?? ''];
  entry.set('url', url);
  for (const field of accessFields) {
    if (field !== 'caFile' && field !== service) entry.delete(field);
  }
}

function takeOver(document: Document, repository: string, other: string): boolean {
  const entry = document.getIn(['repositories', repository]);
  const from = document.getIn(['repositories', other]);
  if (!isMap(entry) || !isMap(from)) return false;
  entry.set('url', from.get('url', true));
  for (const field of accessFields) {
    if (from.has(field)) entry.set(field, from.get(field, true));
    else entry.delete(field);
  }
  document.deleteIn(['repositories', other]);
  return true;
}

function isValid(file: string, text: string, env: NodeJS.ProcessEnv): boolean {
  try {
    parseConfiguration(file, text, env);
    return true;
  } catch {
    // Something else refers to what was removed: a person has to look at it.
    return false;
  }
}
