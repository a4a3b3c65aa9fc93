import type { ScheduleDefinition } from './spec.ts';

const dayMs = 86_400_000;
const lookAheadDays = 366;

/**
 * Warns of times that the change to or from daylight saving skips or doubles within a year: a run at
 * such a time is left out, or starts twice.
 */
export function daylightWarnings(schedule: ScheduleDefinition, from: Date): readonly string[] {
  const { timing, timeZone, id } = schedule;
  if (timing.kind !== 'calendar') return [];
  const zone = new Zone(timeZone);
  const warnings: string[] = [];
  for (const time of timing.times) {
    for (let day = 0; day <= lookAheadDays; day += 1) {
      const date = new Date(from.getTime() + day * dayMs).toISOString().slice(0, 10);
      const count = zone.occurrences(`${date}T${time}`);
      if (count === 1) continue;
      const what = count === 0 ? 'does not exist' : 'comes twice';
      warnings.push(
        `${id}: ${time} ${what} on ${date} in ${timeZone}, where the clocks change. ` +
          'Choose a time before or well after, or the time zone UTC.',
      );
    }
  }
  return warnings;
}

class Zone {
  readonly #format: Intl.DateTimeFormat;

  constructor(timeZone: string) {
    this.#format = new Intl.DateTimeFormat('sv', { timeZone, dateStyle: 'short', timeStyle: 'short' });
  }

  /** How often a clock on the wall shows that date and minute: 1, or 0 or 2 where the clocks change. */
  occurrences(wall: string): number {
    const asUtcMs = Date.parse(`${wall}:00Z`);
    const instants = [-dayMs, dayMs]
      .map((nearbyMs) => asUtcMs - this.#offsetMs(asUtcMs + nearbyMs))
      .filter((instantMs) => this.#wall(instantMs) === wall);
    return new Set(instants).size;
  }

  #offsetMs(instantMs: number): number {
    return Date.parse(`${this.#wall(instantMs)}:00Z`) - Math.floor(instantMs / 60_000) * 60_000;
  }

  /** "2026-11-21T02:00", which the Swedish format is but for one letter. */
  #wall(instantMs: number): string {
    return this.#format.format(instantMs).replace(' ', 'T');
  }
}
