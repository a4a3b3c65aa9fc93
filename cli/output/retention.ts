import type { RetainedWhy, RetentionGroupPlan } from '../../policy/retention/plan.ts';
import { formatQuantity, formatTime, shortId } from './format.ts';
import { printable } from './printable.ts';
import { renderTable } from './table.ts';

/** What stays of a group and why, and what goes. */
export function renderRetention(group: RetentionGroupPlan): string {
  const title = titleOf(group);
  return [
    ...(title === '' ? [] : [title]),
    ...section('stays', 'stay', group.keep),
    ...section('goes', 'go', group.remove),
    ...group.alarms.map((alarm) => `Look: ${printable(alarm)}`),
  ].join('\n');
}

function titleOf({ source, host, paths, tags }: RetentionGroupPlan): string {
  return printable(
    [
      ...(source === undefined ? [] : [`source ${source}`]),
      ...(host === undefined ? [] : [`host ${host}`]),
      ...(paths === undefined ? [] : [`paths ${paths.join(' ')}`]),
      ...(tags === undefined ? [] : [`tags ${tags.join(' ')}`]),
    ].join(', '),
  );
}

function section(one: string, many: string, snapshots: readonly RetainedWhy[]): readonly string[] {
  if (snapshots.length === 0) return [];
  const rows = snapshots.map(({ id, time, reasons }) => [
    shortId(id),
    formatTime(new Date(time)),
    reasons.join('; '),
  ]);
  const table = renderTable([{ title: 'ID' }, { title: 'Time' }, { title: 'Why' }], rows);
  return [`${formatQuantity(snapshots.length, 'snapshot')} ${snapshots.length === 1 ? one : many}:`, table];
}
