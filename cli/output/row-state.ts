import type { Progress } from '../../contracts/jobs.ts';
import { renderProgressLine } from './progress-line.ts';
import { RateMeter } from './rate.ts';

/** A row's present state. */
export class RowState {
  readonly title: string;
  readonly startedAtMs: number;
  readonly rate = new RateMeter();
  progress: Progress = { phase: 'starting', filesDone: 0, bytesDone: 0, bytesStored: 0 };

  constructor(title: string, startedAtMs: number) {
    this.title = title;
    this.startedAtMs = startedAtMs;
  }

  /** Takes the new state; true if another phase begins. */
  update(progress: Progress, nowMs: number): boolean {
    const isNewPhase = progress.phase !== this.progress.phase;
    this.progress = progress;
    this.rate.add(nowMs, progress.bytesDone);
    return isNewPhase;
  }

  render(nowMs: number, width: number): string {
    return renderProgressLine(
      {
        title: this.title,
        progress: this.progress,
        elapsedMs: nowMs - this.startedAtMs,
        bytesPerSecond: this.rate.bytesPerSecond(nowMs),
      },
      width,
    );
  }
}
