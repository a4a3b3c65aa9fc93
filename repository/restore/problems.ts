import { Failure, isFailure } from '../../contracts/failures.ts';
import type { Warning } from '../../contracts/jobs.ts';
import { errorCode } from '../../posix/error-code.ts';
import type { MetadataProblem } from './metadata.ts';

const listedDamages = 20;

/**
 * Sorts what goes wrong in a restore: what stops it, damage that is told at its end, and warnings. The rest
 * is restored in any case, since it may be all that somebody needs.
 */
export class RestoreProblems {
  readonly #target: string;
  readonly #onWarning: (warning: Warning) => void;
  readonly #isRoot = process.geteuid?.() === 0;
  readonly #said = new Set<string>();
  readonly #damages: string[] = [];
  readonly #mismatches: string[] = [];
  #damageCount = 0;

  constructor(target: string, onWarning: (warning: Warning) => void) {
    this.#target = target;
    this.#onWarning = onWarning;
  }

  /**
   * Takes note of an item that could not be restored.
   * @throws {Failure} when nothing else could be restored either
   */
  item(path: string, error: unknown): void {
    if (isFailure(error, 'RepositoryDamaged')) {
      this.#damageCount += 1;
      if (this.#damages.length < listedDamages) this.#damages.push(`${path}: ${error.message}`);
      this.warn(path, `it is damaged in the repository and was not restored: ${error.message}`);
      return;
    }
    const code = systemCode(error);
    if (code === undefined) throw error;
    const failure = this.#fatal(code, path, error);
    if (failure) throw failure;
    this.warn(path, `it could not be restored: ${error instanceof Error ? error.message : code}`);
  }

  /** Owners and the like can only be set by root; without it, that is said once. */
  metadata(path: string, problems: readonly MetadataProblem[]): void {
    for (const { part, error } of problems) {
      const code = systemCode(error);
      if (code === undefined) throw error;
      const isExpected = (code === 'EPERM' && !this.#isRoot) || code === 'ENOTSUP' || code === 'EOPNOTSUPP';
      if (!isExpected) this.warn(path, `its ${part} could not be restored: ${code}`);
      else if (!this.#said.has(part)) {
        this.#said.add(part);
        this.warn(path, `its ${part} could not be restored (${code}); further items are not listed`);
      }
    }
  }

  warn(subject: string, message: string): void {
    this.#onWarning({ subject, message });
  }

  /** Takes note of a file that is not what was written. */
  mismatch(path: string, problem: string): void {
    this.#mismatches.push(path);
    this.warn(path, `it was restored wrongly: ${problem}`);
  }

  /** @throws {Failure} RepositoryDamaged when there was damage, RestoreMismatch when files are not as written */
  throwDamage(): void {
    const [mismatch] = this.#mismatches;
    if (mismatch !== undefined) {
      throw new Failure(
        'RestoreMismatch',
        `${this.#mismatches.length} files are not what was restored, the first is ${mismatch}.`,
      );
    }
    if (this.#damageCount === 0) return;
    const more = this.#damageCount > this.#damages.length ? ' …' : '';
    throw new Failure(
      'RepositoryDamaged',
      `${this.#damageCount} items are damaged and were not restored; everything else was. ${this.#damages.join(' ')}${more}`,
    );
  }

  #fatal(code: string, path: string, cause: unknown): Failure | undefined {
    switch (code) {
      case 'ENOSPC':
      case 'EDQUOT':
        return new Failure('StorageFull', `The file system of ${this.#target} is full.`, {
          advice: 'Free space there, or choose another target; then restore again.',
          cause,
        });
      case 'EACCES':
      case 'EROFS':
        return new Failure('TargetUnwritable', `${path} cannot be written below ${this.#target}: ${code}.`, {
          cause,
        });
      case 'EEXIST':
        return new Failure(
          'TargetConflict',
          `Something else took the place of ${path} below ${this.#target}.`,
          {
            cause,
          },
        );
      case 'ELOOP':
      case 'ENOTDIR':
        return new Failure(
          'TargetConflict',
          `A link or file is in the way of ${path} below ${this.#target}.`,
          {
            cause,
          },
        );
      default:
        return undefined;
    }
  }
}

function systemCode(error: unknown): string | undefined {
  if (isFailure(error) || !(error instanceof Error)) return undefined;
  return 'syscall' in error ? errorCode(error) : undefined;
}
