import { fileKey, isFileName, typeFolder } from '../layout.ts';
import { type Agents, watchedAgents } from '../network/agents.ts';
import { type HttpAnswer, type HttpRequest, httpRequest } from '../network/http-request.ts';
import { Bandwidth } from '../network/limits.ts';
import { exactRange, rangeHeader } from '../ranges.ts';
import type { GcsSettings, StoreSettings } from '../settings.ts';
import { isForClass } from '../storage-class.ts';
import type { ByteRange, HiddenFiles, ListedType, Store, StoredFile, StoreFile } from '../store.ts';
import { removalFailure, StoreFailure } from '../trouble.ts';
import { endpointOf } from './endpoint.ts';
import { answerFailure, networkFailure, retentionEnd } from './failures.ts';
import { findHidden } from './hidden.ts';
import { type Listing, parseListing } from './listing.ts';
import type { GcsLocation } from './location.ts';
import { type TokenSource, tokenSource } from './token.ts';
import { upload } from './upload.ts';

/**
 * Opens a bucket of Google Cloud Storage as a store, by its JSON API. Nothing is read yet. Objects are put
 * whole, by one request, so that nothing unfinished is ever left behind.
 * @throws {Failure} InvalidConfiguration, SecretUnavailable
 */
export async function openGcsStore(location: GcsLocation, settings: StoreSettings): Promise<Store> {
  const { bandwidth = new Bandwidth(), caFile, times } = settings;
  const agents = await watchedAgents({ bandwidth, caFile, times });
  return new GcsStore(location, {
    agents,
    endpoint: endpointOf(settings),
    token: await tokenSource(settings),
    storageClass: settings.gcs?.storageClass,
  });
}

interface Service extends Pick<GcsSettings, 'storageClass'> {
  readonly agents: Agents;
  readonly endpoint: string;
  readonly token: TokenSource;
}

class GcsStore implements Store {
  readonly location: string;
  readonly #place: string;
  readonly #at: GcsLocation;
  readonly #service: Service;

  constructor(at: GcsLocation, service: Service) {
    this.location = `gs:${at.bucket}:/${at.prefix}`;
    this.#place = `bucket ${at.bucket} of ${new URL(service.endpoint).host}`;
    this.#at = at;
    this.#service = service;
  }

  /** Prefixes need no making; a listing shows whether the bucket is there and open to us. */
  async create(signal?: AbortSignal): Promise<void> {
    await this.#list({ prefix: this.#prefixed(''), maxResults: '1' }, signal);
  }

  async save(
    file: StoreFile,
    parts: readonly Uint8Array[],
    signal?: AbortSignal,
  ): Promise<'stored' | 'exists'> {
    const query = 'uploadType=multipart&ifGenerationMatch=0&fields=size';
    const { contentType, body } = upload({ name: this.#prefixed(fileKey(file)), ...this.#kept(file) }, parts);
    const answer = await this.#send('storage.objects.create', {
      method: 'POST',
      path: `/upload/storage/v1/b/${this.#at.bucket}/o?${query}`,
      headers: { 'content-type': contentType },
      body,
      signal,
    });
    if (answer.status === 412) return 'exists';
    this.#assertOk(answer, 'storage.objects.create');
    return 'stored';
  }

  async load(file: StoreFile, range?: ByteRange, signal?: AbortSignal): Promise<Buffer | undefined> {
    if (range?.length === 0) return Buffer.alloc(0);
    const answer = await this.#send('storage.objects.get', {
      method: 'GET',
      path: `${this.#object(file)}?alt=media`,
      ...(range && { headers: { range: rangeHeader(range) } }),
      signal,
    });
    if (isMissingObject(answer)) return undefined;
    const content =
      answer.status === 416 ? Buffer.alloc(0) : this.#assertOk(answer, 'storage.objects.get').body;
    if (range === undefined) return content;
    return exactRange(content, range, `${fileKey(file)} in ${this.location}`);
  }

  async size(file: StoreFile, signal?: AbortSignal): Promise<number | undefined> {
    const path = `${this.#object(file)}?fields=size`;
    const answer = await this.#send('storage.objects.get', { method: 'GET', path, signal });
    if (isMissingObject(answer)) return undefined;
    const { size } = this.#parse(this.#assertOk(answer, 'storage.objects.get'));
    return Number(size);
  }

  async *list(type: ListedType, signal?: AbortSignal): AsyncIterable<StoredFile> {
    for await (const { items } of this.#pages({ prefix: this.#prefixed(`${typeFolder(type)}/`) }, signal)) {
      for (const { name: key, size: sizeBytes, ...facts } of items) {
        const name = key.slice(key.lastIndexOf('/') + 1);
        if (isFileName(name)) yield { name, sizeBytes, ...facts };
      }
    }
  }

  async *#pages(
    query: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
  ): AsyncIterable<Listing> {
    let pageToken: string | undefined;
    do {
      const page = await this.#list({ ...query, ...(pageToken && { pageToken }) }, signal);
      yield page;
      pageToken = page.nextPageToken;
    } while (pageToken !== undefined);
  }

  async remove(file: StoreFile, signal?: AbortSignal): Promise<void> {
    const answer = await this.#send('storage.objects.delete', {
      method: 'DELETE',
      path: this.#object(file),
      signal,
    });
    if (isMissingObject(answer)) return;
    try {
      this.#assertOk(answer, 'storage.objects.delete');
    } catch (error) {
      throw removalFailure(error, retentionEnd(answer));
    }
  }

  /** Every class can be read at once. */
  async thaw(): Promise<'readable'> {
    return 'readable';
  }

  /** Needs the right storage.buckets.get; without it nothing is told. */
  async hidden(signal?: AbortSignal): Promise<HiddenFiles | undefined> {
    const path = `/storage/v1/b/${this.#at.bucket}?fields=versioning,softDeletePolicy,lifecycle`;
    const answer = await this.#send('storage.buckets.get', { method: 'GET', path, signal });
    if (answer.status === 403) return undefined;
    const bucket = this.#parse(this.#assertOk(answer, 'storage.buckets.get'));
    const fields = 'items(name,size,timeDeleted,hardDeleteTime),nextPageToken';
    const prefix = this.#prefixed('');
    const pages = (query: Readonly<Record<string, string>>) =>
      this.#pages({ fields, prefix, ...query }, signal);
    return await findHidden({ bucket, at: this.#at, pages });
  }

  /** Nothing to do: an object is put by one request, which leaves nothing when it fails. */
  async sweep(): Promise<void> {}

  async close(): Promise<void> {
    this.#service.agents.destroy();
  }

  #kept(file: StoreFile): Pick<GcsSettings, 'storageClass'> {
    const { storageClass } = this.#service;
    const isDear = storageClass === 'COLDLINE' || storageClass === 'ARCHIVE';
    return storageClass !== undefined && isForClass(file, isDear) ? { storageClass } : {};
  }

  async #list(query: Readonly<Record<string, string>>, signal: AbortSignal | undefined) {
    const fields = 'items(name,size,storageClass,timeCreated),nextPageToken';
    const path = `/storage/v1/b/${this.#at.bucket}/o?${new URLSearchParams({ fields, ...query })}`;
    const answer = await this.#send('storage.objects.list', { method: 'GET', path, signal });
    return parseListing(this.#parse(this.#assertOk(answer, 'storage.objects.list')));
  }

  async #send(
    action: string,
    {
      path,
      headers,
      ...rest
    }: Pick<HttpRequest, 'method' | 'body' | 'signal'> & {
      readonly path: string;
      readonly headers?: Readonly<Record<string, string>>;
    },
  ): Promise<HttpAnswer> {
    const { agents, endpoint, token } = this.#service;
    rest.signal?.throwIfAborted();
    try {
      const bearer = await token();
      return await httpRequest({
        ...rest,
        url: `${endpoint}${path}`,
        headers: {
          ...headers,
          ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
        },
        agents,
      });
    } catch (error) {
      throw networkFailure(error, { action, place: this.#place, signal: rest.signal });
    }
  }

  #assertOk(answer: HttpAnswer, action: string): HttpAnswer {
    if (answer.status >= 200 && answer.status < 300) return answer;
    throw answerFailure(answer, { action, place: this.#place });
  }

  #parse({ body }: HttpAnswer): Readonly<Record<string, unknown>> {
    try {
      const parsed: unknown = JSON.parse(body.toString('utf8'));
      if (typeof parsed === 'object' && parsed !== null) return { ...parsed };
    } catch {
      // Told below.
    }
    throw new StoreFailure('garbled', { action: 'A request', place: this.#place, code: 'no JSON object' });
  }

  #object(file: StoreFile): string {
    return `/storage/v1/b/${this.#at.bucket}/o/${encodeURIComponent(this.#prefixed(fileKey(file)))}`;
  }

  #prefixed(key: string): string {
    return this.#at.prefix === '' ? key : `${this.#at.prefix}/${key}`;
  }
}

function isMissingObject({ status, body }: HttpAnswer): boolean {
  return status === 404 && !/bucket does not exist/i.test(body.toString('utf8', 0, 4096));
}
