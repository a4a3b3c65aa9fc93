import type { EventData } from 'node:test';
import { inspect } from 'node:util';

type TestFail = EventData.TestFail;
type TestPass = EventData.TestPass;

/** How much of what a test file prints is kept, for when it fails. */
const keptOutputCharacters = 16_384;

interface FileReport {
  passed: number;
  failed: number;
  skipped: string[];
  failures: string[];
  output: string;
}

/** Counts results and prints one line for each file; tests are named only if they fail or are skipped. */
export class Report {
  passed = 0;
  failed = 0;
  skipped = 0;
  readonly #files = new Map<string, FileReport>();
  readonly #write: (line: string) => void;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  /** Records a check or a missing server: something that is no test file. */
  record(
    name: string,
    outcome: { readonly failure?: string; readonly skip?: string; seconds?: number },
  ): void {
    if (outcome.failure !== undefined) {
      this.failed += 1;
      this.#write(`✖ ${name}\n${indent(outcome.failure)}`);
    } else if (outcome.skip !== undefined) {
      this.skipped += 1;
      this.#write(`- ${name}: skipped, ${outcome.skip}`);
    } else {
      this.passed += 1;
      this.#write(`✔ ${name}${outcome.seconds === undefined ? '' : ` (${outcome.seconds.toFixed(1)} s)`}`);
    }
  }

  output(file: string, text: string): void {
    const report = this.#file(file);
    report.output = (report.output + text).slice(-keptOutputCharacters);
  }

  pass(file: string, { name, details, skip, todo }: TestPass): void {
    const reason = skip ?? todo;
    const isSkipped = reason !== undefined && reason !== false;
    if (isSkipped) this.#file(file).skipped.push(typeof reason === 'string' ? `${name}: ${reason}` : name);
    else if (details.type === 'suite') return;
    // Node makes up a test with the name of the file then.
    else if (name.endsWith(file)) this.addFailure(file, '✖ the file declares no test');
    else this.#file(file).passed += 1;
  }

  /** For what no test of the file has told. */
  addFailure(file: string, text: string): void {
    const report = this.#file(file);
    report.failed += 1;
    report.failures.push(text);
  }

  /** `declaredIn`: the file that the test stands in, where another one runs it. */
  fail(file: string, { name, details, line }: TestFail, declaredIn: string = file): void {
    const report = this.#file(file);
    const { failureType, cause } = errorFacts(details.error);
    if (failureType === 'subtestsFailed' && report.failed > 0) return;
    const place = line === undefined ? declaredIn : `${declaredIn}:${line}`;
    this.addFailure(file, `✖ ${name} (${place})\n${indent(cause)}`);
  }

  /** Prints the line of a file and adds its results up. `strict` counts skipped tests as failed. */
  fileDone(file: string, { seconds, strict }: { readonly seconds: number; readonly strict: boolean }): void {
    const report = this.#files.get(file);
    if (!report) return;
    this.#files.delete(file);
    if (strict) {
      report.failed += report.skipped.length;
      report.failures.push(
        ...report.skipped.map((name) => `✖ ${name} (skipped, which counts as failed in CI)`),
      );
      report.skipped = [];
    }
    this.passed += report.passed;
    this.failed += report.failed;
    this.skipped += report.skipped.length;
    this.#printFile(file, report, seconds);
  }

  /** The last line: "12 passed, 0 failed". */
  summary(): string {
    const skipped = this.skipped > 0 ? `, ${this.skipped} skipped` : '';
    return `${this.passed} passed, ${this.failed} failed${skipped}`;
  }

  #printFile(file: string, report: FileReport, seconds: number): void {
    const count = report.passed + report.failed + report.skipped.length;
    const failed = report.failed > 0 ? `, ${report.failed} failed` : '';
    this.#write(
      `${report.failed > 0 ? '✖' : '✔'} ${file} (${plural(count, 'test')}${failed}, ${seconds.toFixed(1)} s)`,
    );
    for (const name of report.skipped) this.#write(`  - skipped: ${name}`);
    for (const failure of report.failures) this.#write(indent(failure));
    if (report.failed > 0 && report.output.trim() !== '') {
      this.#write(indent(`what the file printed:\n${indent(report.output.trimEnd())}`));
    }
  }

  #file(file: string): FileReport {
    const known = this.#files.get(file);
    if (known) return known;
    const report = { passed: 0, failed: 0, skipped: [], failures: [], output: '' };
    this.#files.set(file, report);
    return report;
  }
}

/** The runner wraps what a test threw; its own frames say nothing about the fault. */
function errorFacts(error: Error): { readonly failureType: unknown; readonly cause: string } {
  const failureType = 'failureType' in error ? error.failureType : undefined;
  const cause = error.cause ?? error;
  const text = typeof cause === 'string' ? cause : describeError(cause);
  const lines = text.split('\n').filter((line) => !/^\s+at .*\(?node:internal/.test(line));
  return { failureType, cause: lines.join('\n') };
}

/** An assertion says all in its message; other errors may say more in further fields. */
function describeError(error: unknown): string {
  if (error instanceof Error && 'code' in error && error.code === 'ERR_ASSERTION')
    return error.stack ?? error.message;
  return inspect(error, { depth: 4 });
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '  ');
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
