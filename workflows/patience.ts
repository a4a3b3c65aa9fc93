/** How long runs wait for what is away, and how often they look. The time-outs of steps are in options.ts. */

/** How long a restore waits for data in an archive class, and how often it looks. */
export const thawPatience = {
  // The fastest ways take minutes, the slowest two days: some 350 looks of about ten events in a week.
  firstPauseMs: 60_000,
  longestPauseMs: 30 * 60_000,
  totalMs: 7 * 24 * 3_600_000,
} as const;

/** A first archive of everything takes days; what takes longer than a week goes on by itself. */
export const archivePatienceMs = 7 * 24 * 3_600_000;

/** How long a run waits for a repository that is away. */
export const copyPatience = {
  // Half an hour of attempts, then as long a pause: some hundred rounds of about eight events in a week.
  pauseMs: 30 * 60_000,
  // By then people have been told for days; the next backup begins another run.
  totalMs: 7 * 24 * 3_600_000,
  // The run over all of them ends before its schedule comes again; those that wait go on by themselves.
  fleetMs: 5 * 3_600_000,
  // Backups that come while it copies are copied too, but a history must end.
  rounds: 50,
} as const;
