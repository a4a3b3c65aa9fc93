import type { PreflightReport, SourceKind, Warning } from '../contracts/jobs.ts';
import type { Entry } from '../repository/archive/entry.ts';

export interface CaptureContext {
  readonly signal: AbortSignal;
  /** Reports what could not be read; the run ends as `partial`. */
  readonly warn: (warning: Warning) => void;
  /** Tells what goes on while no bytes come, so that it is not taken for a stall. */
  readonly onActivity?: (what: string) => void;
}

/**
 * The port of everything that can be backed up (test/sources/conformance.ts runs its contract).
 * A source is made for one operation and used once.
 */
export interface Source {
  readonly kind: SourceKind;
  /** `paths` of the snapshot: constant for the source, never a staging path. */
  readonly paths: readonly string[];

  /**
   * Checks all that a capture needs: reachability, rights, tools and their versions.
   * @throws {Failure} SourceUnreachable, SourceAuthentication, SourceMissing, SourceUnsupported, ToolMissing
   */
  preflight(signal: AbortSignal): Promise<PreflightReport>;

  /**
   * The top entries of the snapshot, lazily. Reading them reads the source. A stream ends without an error
   * only when every byte of it is known to be right (exit status of the tool, trailer of the format).
   */
  capture(context: CaptureContext): AsyncIterable<Entry>;

  /** Frees connections and programs; safe to repeat, called on success, failure and cancellation. */
  close(): Promise<void>;
}
