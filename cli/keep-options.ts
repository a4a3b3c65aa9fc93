import { type Command, InvalidArgumentError } from 'commander';
import { Failure } from '../contracts/failures.ts';
import type { GroupField } from '../policy/retention/group.ts';
import {
  type KeepCount,
  type KeepRules,
  keepDurationPattern,
  keepsNothing,
} from '../policy/retention/keep-rules.ts';
import { repeatable } from './option-values.ts';

/** Options that say which snapshots stay; names and meaning are restic's. */
export interface KeepOptions extends Omit<KeepRules, 'keepTags'> {
  readonly keepTag?: readonly string[];
  readonly groupBy?: readonly GroupField[];
}

const units = ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;

export function addKeepOptions(command: Command): void {
  command.option('-l, --keep-last <n>', 'keep the newest n snapshots, or "unlimited"', keepCount);
  for (const unit of units)
    command.option(
      `-${shortUnit(unit)}, --keep-${unit} <n>`,
      `keep the newest n ${unit} snapshots`,
      keepCount,
    );
  command.option(
    '--keep-within <duration>',
    'keep what is younger, such as 1y5m7d2h, counted from the newest',
    keepDuration,
  );
  for (const unit of units) {
    command.option(
      `--keep-within-${unit} <duration>`,
      `keep ${unit} snapshots that are younger`,
      keepDuration,
    );
  }
  command
    .option('--keep-tag <tags>', 'keep what has all of these tags (a,b); repeatable', repeatable)
    .option(
      '--group-by <fields>',
      'apply the rules to each group: source, host, paths, tags, joined by commas (default: source, else host,paths)',
      groupBy,
    );
}

/** restic's letters: -H for hourly, else the first. */
function shortUnit(unit: (typeof units)[number]): string {
  return unit === 'hourly' ? 'H' : unit.charAt(0);
}

/** Undefined when no rule is given. */
export function givenRules({
  keepTag = [],
  groupBy: _groupBy,
  ...options
}: KeepOptions): KeepRules | undefined {
  const rules = {
    ...pick(options),
    ...(keepTag.length > 0 ? { keepTags: keepTag.map((tags) => tags.split(',')) } : {}),
  };
  return Object.keys(rules).length === 0 ? undefined : rules;
}

/** @throws {Failure} InvalidInput when nothing is to be kept */
export function keepRules(options: KeepOptions): KeepRules {
  const rules = givenRules(options) ?? {};
  if (!keepsNothing(rules)) return rules;
  throw new Failure('InvalidInput', 'What is to be kept?', {
    advice: 'Give at least one rule such as --keep-daily 7, or name the snapshots that go.',
  });
}

export function groupFields({ groupBy: fields }: KeepOptions): readonly GroupField[] {
  return fields ?? ['source'];
}

/** The rules among all options of a command. */
function pick(options: Omit<KeepOptions, 'keepTag' | 'groupBy'>): KeepRules {
  const isRule = ([name]: readonly [string, unknown]): boolean =>
    /^keep(?:Last|Within|[A-Z][a-z]+ly)/.test(name);
  return Object.fromEntries(Object.entries(options).filter(isRule));
}

function keepCount(text: string): KeepCount {
  if (text === 'unlimited') return text;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a number, or "unlimited".');
}

function keepDuration(text: string): string {
  if (keepDurationPattern.test(text)) return text;
  throw new InvalidArgumentError('It must be years, months, days and hours, such as 1y5m7d2h.');
}

export function groupBy(text: string): readonly GroupField[] {
  return text
    .split(',')
    .filter((field) => field !== '')
    .map((field) => {
      const name = field === 'path' || field === 'tag' ? `${field}s` : field;
      if (isGroupField(name)) return name;
      throw new InvalidArgumentError('It must be made of source, host, paths and tags.');
    });
}

function isGroupField(name: string): name is GroupField {
  return name === 'source' || name === 'host' || name === 'paths' || name === 'tags';
}
