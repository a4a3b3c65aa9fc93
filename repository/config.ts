import { randomBytes } from 'node:crypto';
import { Failure } from '../contracts/failures.ts';
import { isChunkerPolynomial, randomChunkerPolynomial } from './chunker/polynomial.ts';
import { isId } from './ids.ts';
import { asString, parseJsonObject } from './json.ts';
import { damaged } from './sealed-files.ts';

/** The file `config` of a repository. */
export interface RepositoryConfig {
  readonly version: number;
  /** 64 random hex digits that name the repository wherever it is copied to. */
  readonly id: string;
  /** Irreducible polynomial of degree 53 by which content is cut. */
  readonly chunkerPolynomial: bigint;
}

const supportedVersion = 2;

export function newConfig(chunkerPolynomial?: bigint): RepositoryConfig {
  if (chunkerPolynomial !== undefined && !isChunkerPolynomial(chunkerPolynomial)) {
    throw new Failure('InvalidInput', 'The chunker polynomial is not irreducible, or not of degree 53.');
  }
  return {
    version: supportedVersion,
    id: randomBytes(32).toString('hex'),
    chunkerPolynomial: chunkerPolynomial ?? randomChunkerPolynomial(),
  };
}

export function encodeConfig(config: RepositoryConfig): Buffer {
  return Buffer.from(
    JSON.stringify({
      version: config.version,
      id: config.id,
      chunker_polynomial: config.chunkerPolynomial.toString(16),
    }),
  );
}

/** @throws {Failure} RepositoryUnsupported for other versions, RepositoryDamaged for what is no config */
export function decodeConfig(json: Buffer): RepositoryConfig {
  const config = parseJsonObject(json);
  const version = config?.version;
  const id = config?.id;
  const polynomial = asString(config?.chunker_polynomial) ?? '';
  if (typeof version !== 'number') throw damaged('config', '', 'it is no config');
  if (version !== supportedVersion) {
    throw new Failure(
      'RepositoryUnsupported',
      `The repository has format version ${version}; only version ${supportedVersion} is supported.`,
      version === 1 ? { advice: 'Upgrade it with `restic migrate upgrade_repo_v2`.' } : {},
    );
  }
  if (!isId(id) || !/^[0-9a-f]{1,16}$/.test(polynomial)) throw damaged('config', '', 'it is no config');
  const chunkerPolynomial = BigInt(`0x${polynomial}`);
  if (!isChunkerPolynomial(chunkerPolynomial)) {
    throw damaged('config', '', 'its chunker polynomial is not irreducible, or not of degree 53');
  }
  return { version, id, chunkerPolynomial };
}
