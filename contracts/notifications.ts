/** What is told to people, as plain JSON: input of the activity `notify` and content of webhooks. */

export type Severity = 'notice' | 'warning' | 'critical';

export const severities: readonly Severity[] = ['notice', 'warning', 'critical'];

/** Something that happened to one thing that people care about. Never holds a secret. */
export interface NotificationEvent {
  /** The same event told twice (a retried activity) has the same id and is told once. */
  readonly id: string;
  /** What it is about, the same for the failure and for the recovery: `backup/shop`, `freshness/shop`. */
  readonly topic: string;
  /** `ok` ends a problem; a run that nobody worried about ends without a word. */
  readonly severity: Severity | 'ok';
  /** For people: "Backup of shop". */
  readonly title: string;
  /** What failed, on what, why; or that it is well again. One or a few sentences. */
  readonly message: string;
  /** Type of the failure or of the check: another reason for the same trouble is news. */
  readonly reason?: string;
  /** What to do now. */
  readonly advice?: string;
  /** A command to copy. */
  readonly command?: string;
  /** Further facts by name: host, run, snapshot. */
  readonly facts?: Readonly<Record<string, string>>;
  /** ISO time in UTC. */
  readonly at: string;
}

export type NotificationKind = 'problem' | 'worse' | 'changed' | 'reminder' | 'recovery' | 'test';

/** One message to people. */
export interface Notification extends Omit<NotificationEvent, 'severity'> {
  readonly kind: NotificationKind;
  /** A recovery has the severity of the trouble that it ends, so that whoever heard of the one hears of the other. */
  readonly severity: Severity;
  /** When the trouble began, ISO in UTC. */
  readonly since: string;
  /** How often it was seen since then. */
  readonly occurrences: number;
}
