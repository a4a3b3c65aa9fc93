import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Secret } from '../../../secrets/secret.ts';
import { resticProgram } from '../../servers/restic.ts';
import { testPassword } from '../test-repository.ts';

const execute = promisify(execFile);

export interface ResticSummary {
  readonly filesNew: number;
  readonly filesUnmodified: number;
  readonly dataBlobs: number;
  readonly snapshot: string;
}

/** The real restic on one repository. */
export class Restic {
  readonly #program: string;
  readonly #repository: string;
  readonly #password: Secret;

  private constructor(program: string, repository: string, password: Secret) {
    this.#program = program;
    this.#repository = repository;
    this.#password = password;
  }

  static async of(
    version: '0.14.0' | '0.19.1',
    repository: string,
    password: Secret = testPassword,
  ): Promise<Restic> {
    return new Restic(await resticProgram(version), repository, password);
  }

  /** Runs a command; a failure shows all that restic said. */
  async run(...args: readonly string[]): Promise<string> {
    const { stdout } = await execute(this.#program, ['--no-cache', '--repo', this.#repository, ...args], {
      env: { ...process.env, RESTIC_PASSWORD: this.#password.reveal() },
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout;
  }

  async backUp(folder: string, ...args: readonly string[]): Promise<ResticSummary> {
    const output = await this.run('backup', '--json', '--host', 'test-host', ...args, folder);
    for (const line of output.split('\n')) {
      if (!line.includes('"message_type":"summary"')) continue;
      const summary: Readonly<Record<string, unknown>> = JSON.parse(line);
      return {
        filesNew: Number(summary.files_new),
        filesUnmodified: Number(summary.files_unmodified),
        dataBlobs: Number(summary.data_blobs),
        snapshot: String(summary.snapshot_id),
      };
    }
    throw new Error(`restic wrote no summary: ${output}`);
  }
}
