import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import type { FleetTally } from '../contracts/inputs.ts';
import { knownFailure } from './failures.ts';

/** One of many things that have a run each: a source, a repository. */
export interface FleetMember {
  readonly name: string;
  /** Host that does the work. */
  readonly host: string;
}

export interface FleetOptions {
  /** Runs of one host, and of all, that are under way at once. */
  readonly perHost: number;
  readonly atOnce: number;
  /** Workflow time, in ms since 1970, after which runs are left to themselves and no further one begins. */
  readonly untilMs: number;
  /** Longest wait for the last runs, in ms, when all have begun. */
  readonly stragglersMs?: number;
  /** Runs one to its end. */
  readonly run: (member: FleetMember) => Promise<'done' | 'partial'>;
  /** A run of it was under way already. */
  readonly merge: (member: FleetMember) => Promise<void>;
  /** How it stands: how many have ended of how many. */
  readonly onEnd: (tally: FleetTally) => void;
}

export const emptyTally: FleetTally = {
  total: 0,
  done: 0,
  partial: 0,
  failed: 0,
  cancelled: 0,
  merged: 0,
  left: 0,
  partialNames: [],
  mergedNames: [],
  leftNames: [],
  failures: [],
};

/** Longer lists would make histories heavy; the runs themselves are all found by their search attributes. */
const listed = 20;
const longestMessage = 300;

/**
 * Gives each member a run, a few at a time, and counts how they end. One that fails, or takes long, keeps no
 * other back; one that is under way already is merged. A cancellation reaches all runs, and is waited for.
 */
export async function runFleet(
  members: readonly FleetMember[],
  before: FleetTally,
  options: FleetOptions,
): Promise<FleetTally> {
  const fleet = new Fleet(members, before, options);
  return await fleet.sail();
}

/** Whether some are not as they should be. */
export function isIncomplete({ failed, partial, cancelled }: FleetTally): boolean {
  return failed + partial + cancelled > 0;
}

/** Whether the runs that failed have told people themselves; those that never began have not. */
export function isToldElsewhere({ failures }: FleetTally): boolean {
  return failures.every(({ failure }) => failure !== 'Stalled');
}

/** One sentence for people: "2 of 5 failed: docs, shop." */
export function describeTally(tally: FleetTally): string {
  const { total, failed, failures } = tally;
  const parts = [
    count(
      failed,
      'failed',
      failures.map(({ name }) => name),
    ),
    count(tally.partial, 'could be read in part', tally.partialNames),
    count(tally.cancelled, 'were cancelled', []),
    count(tally.merged, 'were under way already', tally.mergedNames),
    count(tally.left, 'are still under way', tally.leftNames),
  ].filter((part) => part !== '');
  return `${tally.done} of ${total} ended well${parts.map((part) => `; ${part}`).join('')}.`;
}

function count(number: number, what: string, names: readonly string[]): string {
  if (number === 0) return '';
  const more = number > names.length && names.length > 0 ? ', …' : '';
  return `${number} ${what}${names.length === 0 ? '' : ` (${names.join(', ')}${more})`}`;
}

class Fleet {
  readonly #options: FleetOptions;
  readonly #waiting: FleetMember[];
  readonly #underWay = new Map<string, FleetMember>();
  #tally: FleetTally;
  #fault: { readonly error: unknown } | undefined;

  constructor(members: readonly FleetMember[], before: FleetTally, options: FleetOptions) {
    this.#waiting = [...members];
    this.#tally = { ...before, total: before.total + members.length };
    this.#options = options;
  }

  async sail(): Promise<FleetTally> {
    try {
      this.#startSome();
      const hasBegun = () => this.#isOver() || this.#waiting.length === 0;
      if (await condition(hasBegun, this.#restMs())) {
        const restMs = Math.min(this.#restMs(), this.#options.stragglersMs ?? Number.POSITIVE_INFINITY);
        await condition(() => this.#isOver(), restMs);
      }
    } catch (error) {
      if (!isCancellation(error)) throw error;
      this.#waiting.length = 0;
      await CancellationScope.nonCancellable(() => condition(() => this.#isOver()));
      throw error;
    }
    if (this.#fault) throw this.#fault.error;
    return this.#withoutEnd();
  }

  #isOver(): boolean {
    return this.#fault !== undefined || (this.#waiting.length === 0 && this.#underWay.size === 0);
  }

  #restMs(): number {
    return Math.max(1, this.#options.untilMs - Date.now());
  }

  #startSome(): void {
    const { atOnce, perHost } = this.#options;
    while (this.#underWay.size < atOnce) {
      const busy = [...this.#underWay.values()].map(({ host }) => host);
      const next = this.#waiting.findIndex(
        ({ host }) => busy.filter((name) => name === host).length < perHost,
      );
      const [member] = next < 0 ? [] : this.#waiting.splice(next, 1);
      if (member === undefined) return;
      this.#underWay.set(member.name, member);
      void this.#follow(member);
    }
  }

  async #follow(member: FleetMember): Promise<void> {
    try {
      await this.#count(member);
    } catch (error) {
      // A fault of ours: the workflow's task fails, and Temporal keeps the run until a mended worker comes.
      this.#fault ??= { error };
    }
    this.#underWay.delete(member.name);
    this.#options.onEnd(this.#tally);
    this.#startSome();
  }

  async #count(member: FleetMember): Promise<void> {
    const { name } = member;
    try {
      const status = await this.#options.run(member);
      this.#add(status);
      if (status === 'partial') this.#list('partialNames', name);
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) {
        await this.#options.merge(member);
        this.#add('merged');
        this.#list('mergedNames', name);
        return;
      }
      const failure = knownFailure(error, member.host);
      if (failure === undefined) throw error;
      if (failure.type === 'Cancelled') this.#add('cancelled');
      else this.#fail(name, failure.type, failure.message);
    }
  }

  /** Time is up for those that are left: some go on by themselves, others never began. */
  #withoutEnd(): FleetTally {
    for (const { name } of this.#underWay.values()) {
      this.#add('left');
      this.#list('leftNames', name);
    }
    for (const { name, host } of this.#waiting) {
      this.#fail(name, 'Stalled', `It did not begin: the runs before it on ${host} took all the time`);
    }
    return this.#tally;
  }

  #fail(name: string, failure: string, message: string): void {
    this.#add('failed');
    if (this.#tally.failures.length >= listed) return;
    const entry = { name, failure, message: message.slice(0, longestMessage) };
    this.#tally = { ...this.#tally, failures: [...this.#tally.failures, entry] };
  }

  #add(field: 'done' | 'partial' | 'failed' | 'cancelled' | 'merged' | 'left'): void {
    this.#tally = { ...this.#tally, [field]: this.#tally[field] + 1 };
  }

  #list(field: 'partialNames' | 'mergedNames' | 'leftNames', name: string): void {
    const names = this.#tally[field];
    if (names.length < listed) this.#tally = { ...this.#tally, [field]: [...names, name] };
  }
}
