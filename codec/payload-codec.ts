import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import { Failure } from '../contracts/failures.ts';
import type { Keyring } from './keyring.ts';

/** Metadata `encoding` of what this codec has encrypted. */
const encryptedEncoding = 'binary/resguardo-aes256gcm-v1';

const keyIdField = 'encryption-key-id';
const nonceBytes = 12;
const tagBytes = 16;

/**
 * Encrypts what Temporal stores with AES-256-GCM: inputs, results, heartbeat details, memos, summaries. An
 * encrypted payload is nonce (12 bytes, random), ciphertext of the whole payload as protobuf, tag (16); its
 * encoding and the key's id are authenticated with it. Up to 2³² payloads may be written with one key.
 *
 * What is not encrypted passes as it is, so that input typed on Temporal's own command line works. The codec
 * keeps content secret, then; it does not prove who sent it. Neither is a payload bound to its workflow: the
 * server copies payloads of schedules to workflows whose ids are not known before.
 */
export class EncryptionCodec implements PayloadCodec {
  readonly #keyring: Keyring;

  constructor(keyring: Keyring) {
    this.#keyring = keyring;
  }

  encode(payloads: Payload[]): Promise<Payload[]> {
    return Promise.resolve(payloads.map((payload) => this.#encrypt(payload)));
  }

  /** @throws {Failure} WrongKey when the key is not at hand, or the payload was changed */
  async decode(payloads: Payload[]): Promise<Payload[]> {
    return payloads.map((payload) => this.#decrypt(payload));
  }

  #encrypt(payload: Payload): Payload {
    if (encodingOf(payload) === encryptedEncoding) return payload;
    const { id, key } = this.#keyring.current;
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(associatedData(id));
    const plain = PayloadMessage.encode(payload).finish();
    const data = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    return { metadata: { encoding: Buffer.from(encryptedEncoding), [keyIdField]: Buffer.from(id) }, data };
  }

  #decrypt(payload: Payload): Payload {
    if (encodingOf(payload) !== encryptedEncoding) return payload;
    const id = text(payload.metadata?.[keyIdField]);
    const known = this.#keyring.byId.get(id);
    if (known === undefined) {
      throw new Failure('WrongKey', `Temporal holds data encrypted with key ${id}, which is not configured`, {
        advice: 'Add the reference of that key to temporal.encryption.oldKeys.',
      });
    }
    const data = payload.data ?? new Uint8Array();
    const tagStart = data.length - tagBytes;
    try {
      if (tagStart < nonceBytes) throw new RangeError('too short');
      const decipher = createDecipheriv('aes-256-gcm', known.key, data.subarray(0, nonceBytes), {
        authTagLength: tagBytes,
      });
      decipher.setAAD(associatedData(id)).setAuthTag(data.subarray(tagStart));
      const plain = Buffer.concat([decipher.update(data.subarray(nonceBytes, tagStart)), decipher.final()]);
      return PayloadMessage.decode(plain);
    } catch (error) {
      throw new Failure('WrongKey', `Data in Temporal that key ${id} encrypted was changed since`, {
        advice: 'Find out who writes to this namespace; terminate the run and start it again.',
        cause: error,
      });
    }
  }
}

const PayloadMessage = proto.temporal.api.common.v1.Payload;

function encodingOf({ metadata }: Payload): string {
  return text(metadata?.encoding);
}

function text(bytes: Uint8Array | null | undefined): string {
  return Buffer.from(bytes ?? []).toString();
}

function associatedData(keyId: string): Buffer {
  return Buffer.from(`${encryptedEncoding}\0${keyId}`);
}
