import { GetObjectCommand, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Abortable } from '../network/sdk-request.ts';
import { httpStatus, isMissingObject } from './failures.ts';

interface PlacedObject {
  readonly Bucket: string;
  readonly Key: string;
}

/**
 * Size of an object in bytes, or undefined if there is none. An answer to HEAD has no body, and so no code: when one is
 * refused, a GET of one byte tells why.
 * @throws {Error} of the SDK
 */
export async function sizeOfObject(
  client: S3Client,
  object: PlacedObject,
  options: Abortable,
): Promise<number | undefined> {
  try {
    return await head(client, object, options);
  } catch (error) {
    if (![301, 400, 401, 403].includes(httpStatus(error) ?? 0)) throw error;
    await getOneByte(client, object, options);
    return await head(client, object, options);
  }
}

async function head(client: S3Client, object: PlacedObject, options: Abortable): Promise<number | undefined> {
  try {
    return (await client.send(new HeadObjectCommand(object), options)).ContentLength;
  } catch (error) {
    if (httpStatus(error) === 404) return undefined;
    throw error;
  }
}

/** For what it throws. */
async function getOneByte(client: S3Client, object: PlacedObject, options: Abortable): Promise<void> {
  try {
    const answer = await client.send(new GetObjectCommand({ ...object, Range: 'bytes=0-0' }), options);
    await answer.Body?.transformToByteArray();
  } catch (error) {
    if (!isMissingObject(error) && httpStatus(error) !== 416) throw error;
  }
}
