/** What is asked of a service, for the message when it fails. */
export interface SdkRequest {
  /** The right that it needs, in the service's words: `s3:PutObject`, `create blobs`. */
  readonly action: string;
  /** Bucket or container, and service, without secrets. */
  readonly place: string;
  readonly signal: AbortSignal | undefined;
}

/** How the SDKs of S3 and Azure take the signal to stop. */
export interface Abortable {
  readonly abortSignal?: AbortSignal;
}

export interface Sending<T> {
  send(options: Abortable): Promise<T>;
  /** Translates what the SDK throws. */
  failure(error: unknown, request: SdkRequest): unknown;
}

/**
 * Sends a request through an SDK, unless it shall stop already.
 * @throws what `failure` makes of the error of the SDK
 */
export async function sendBySdk<T>(request: SdkRequest, { send, failure }: Sending<T>): Promise<T> {
  request.signal?.throwIfAborted();
  try {
    return await send(abortable(request.signal));
  } catch (error) {
    throw failure(error, request);
  }
}

export function abortable(signal: AbortSignal | undefined): Abortable {
  return signal === undefined ? {} : { abortSignal: signal };
}
