import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { RunReport } from '../contracts/activities.ts';
import type { WorkflowType } from '../contracts/messages.ts';

/** Content of `<state dir>/status.json`, for scripts and monitoring. Times are ISO, UTC. */
export interface Status {
  readonly version: 1;
  readonly updatedAt: string;
  /** By workflow, then by source or repository. */
  readonly runs: Partial<Record<WorkflowType, Readonly<Record<string, SubjectStatus>>>>;
}

export interface SubjectStatus {
  /** The run that ended last, however it ended. */
  readonly last: RunReport;
  /** The last run that ended as `done` or `partial`. */
  readonly lastGood?: RunReport;
}

/**
 * The status file (mode 600): how the last run of each source and repository ended. It is written whole and
 * renamed into place. What cannot be read is begun anew, because Temporal knows all of it.
 */
export class StatusFile {
  readonly #folder: string;
  readonly #file: string;
  /** Writers of one process take turns. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(stateDir: string) {
    this.#folder = stateDir;
    this.#file = path.join(stateDir, 'status.json');
  }

  /** Enters the end of a run. A report that comes late does not replace a newer one. */
  async record(report: RunReport): Promise<void> {
    const turn = this.#turn.then(async () => this.#write(withReport(await this.read(), report)));
    this.#turn = turn.catch(() => {});
    await turn;
  }

  async read(): Promise<Status> {
    try {
      const status: unknown = JSON.parse(await readFile(this.#file, 'utf8'));
      return isStatus(status) ? status : emptyStatus();
    } catch (error) {
      if (error instanceof SyntaxError || isMissing(error)) return emptyStatus();
      throw error;
    }
  }

  async #write(status: Status): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const temporary = `${this.#file}.${process.pid}.tmp`;
    try {
      await writeDurably(temporary, `${JSON.stringify(status, null, 2)}\n`);
      await rename(temporary, this.#file);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }
}

async function writeDurably(file: string, text: string): Promise<void> {
  const handle = await open(file, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function withReport(status: Status, report: RunReport): Status {
  const { workflow, subject } = report;
  const subjects = status.runs[workflow] ?? {};
  const before = subjects[subject];
  const isGood = report.status === 'done' || report.status === 'partial';
  const lastGood = isGood ? newer(before?.lastGood, report) : before?.lastGood;
  const after: SubjectStatus = { last: newer(before?.last, report), ...(lastGood && { lastGood }) };
  const runs = { ...status.runs, [workflow]: { ...subjects, [subject]: after } };
  return { version: 1, updatedAt: new Date().toISOString(), runs };
}

function newer(before: RunReport | undefined, report: RunReport): RunReport {
  return before !== undefined && before.finishedAt > report.finishedAt ? before : report;
}

function emptyStatus(): Status {
  return { version: 1, updatedAt: new Date(0).toISOString(), runs: {} };
}

function isStatus(value: unknown): value is Status {
  return (
    typeof value === 'object' &&
    value !== null &&
    'version' in value &&
    value.version === 1 &&
    'runs' in value &&
    typeof value.runs === 'object' &&
    value.runs !== null
  );
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
