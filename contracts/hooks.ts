/** Hooks: programs of the user that run around a backup or a restore. Plain JSON, without secrets. */

/**
 * `afterRead` comes as soon as a source is no longer read, `beforeReplace` when a restore is about to touch what is
 * there, `after` when the run has ended well, `onFailure` when it has not, `always` last.
 */
export const hookPoints = ['before', 'beforeReplace', 'afterRead', 'after', 'onFailure', 'always'] as const;
export type HookPoint = (typeof hookPoints)[number];

/** A hook as a workflow knows it; its command stays in the configuration of the host that runs it. */
export interface ResolvedHook {
  readonly point: HookPoint;
  /** Place in the list of its point, from 0. */
  readonly index: number;
  readonly name: string;
  readonly timeoutMs: number;
  readonly onError: 'fail' | 'continue';
  /** Absent: of backups. */
  readonly of?: 'restore';
}

/** What is known of the run when a hook begins; its program finds it in its environment (hooks/environment.ts). */
export interface HookFacts {
  readonly workflow: string;
  readonly workflowId: string;
  readonly runId: string;
  /** ISO, UTC. */
  readonly startedAt: string;
  readonly status: 'running' | 'done' | 'partial' | 'failed' | 'cancelled';
  readonly source?: string;
  readonly kind?: string;
  readonly repository?: string;
  readonly host?: string;
  readonly schedule?: string;
  readonly tags?: readonly string[];
  readonly snapshot?: string;
  readonly files?: number;
  /** Bytes read. */
  readonly bytes?: number;
  /** Bytes of new data as stored. */
  readonly bytesAdded?: number;
  readonly warnings?: number;
  /** Of a restore: where it goes, what is replaced there, and the name of its way back. */
  readonly restore?: {
    readonly target: string;
    readonly replaces: readonly string[];
    readonly rollback?: string;
  };
  /** Of a run over every source: how many there are, and which failed (the first ones). */
  readonly sources?: {
    readonly total: number;
    readonly failed: number;
    readonly failedNames: readonly string[];
  };
  readonly failure?: { readonly type: string; readonly message: string; readonly exitCode: number };
}

export interface HookRequest {
  /** Source that it belongs to; absent for a hook around runs over every source. */
  readonly source?: string;
  readonly hook: ResolvedHook;
  readonly facts: HookFacts;
}

/** How a hook ended, in the result of a run. */
export interface HookResult {
  readonly point: HookPoint;
  readonly name: string;
  readonly status: 'done' | 'failed';
  readonly seconds: number;
  /** Why it failed. */
  readonly message?: string;
}
