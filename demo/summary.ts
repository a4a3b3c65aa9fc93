import { formatBytes, formatDuration } from '../cli/output/format.ts';
import type { TemporalServer } from '../tools/temporal-server.ts';
import type { Place } from './place.ts';
import type { Step } from './steps.ts';
import type { StoryResult } from './story.ts';

export interface SummaryParts {
  readonly place: Place;
  readonly temporal: TemporalServer;
  readonly postgres: string;
  readonly steps: readonly Step[];
  readonly story: StoryResult;
  readonly keep: boolean;
}

/** What a person reads when the demo is through: what happened, where things are, and how to do it by hand. */
export function renderSummary({ place, temporal, postgres, steps, story, keep }: SummaryParts): string {
  const seconds = steps.reduce((sum, step) => sum + step.seconds, 0);
  const read = story.backups.reduce((sum, { summary }) => sum + summary.totalBytesProcessed, 0);
  const stored = story.backups.reduce((sum, { summary }) => sum + summary.dataAddedPacked, 0);
  const ratio = stored > 0 && read / stored >= 1.05 ? `, ${(read / stored).toFixed(1)} to 1` : '';
  return [
    '',
    `Backed up, verified, restored and compared in ${formatDuration(seconds * 1000)}: everything is equal.`,
    `${formatBytes(read)} were read and ${formatBytes(stored)} newly stored${ratio}. Run it again: it stores next to nothing.`,
    '',
    'Where things are',
    `  repository     ${place.repository}   (restic format 2, key in ${place.keyFile})`,
    `  configuration  ${place.configurationFile}`,
    `  database       ${postgres}`,
    `  worker's log   ${place.logFile}`,
    `  Web UI         ${temporal.uiUrl ?? 'none'}${keep ? '' : '   (while the demo runs: npm run demo -- --keep)'}`,
    ...(temporal.uiUrl === undefined
      ? []
      : story.runs.map((run) => `                 ${runUrl(temporal.uiUrl ?? '', run)}`)),
    '',
    'The same with plain restic, because the repository is one of its own',
    `  export RESTIC_REPOSITORY=${quoted(place.repository)} RESTIC_PASSWORD_FILE=${quoted(place.keyFile)}`,
    '  restic snapshots',
    '  restic check --read-data',
    '  restic restore latest --tag source:shop --target /tmp/shop    # /tmp/shop/shop/RESTORE.md says how to go on',
    '  restic restore latest --tag source:files --target /tmp/files',
    '',
    ...(keep
      ? [
          'With Resguardo, while this demo runs (in another terminal)',
          `  npx resguardo --config ${quoted(place.configurationFile)} backup files`,
          `  npx resguardo --config ${quoted(place.configurationFile)} snapshots`,
          '',
        ]
      : []),
    'And with Resguardo alone, without Temporal and without a configuration',
    '  npx resguardo repo snapshots',
    '  npx resguardo repo restore latest --target /tmp/files',
  ].join('\n');
}

function runUrl(
  uiUrl: string,
  { workflowId, runId }: { readonly workflowId: string; readonly runId: string },
): string {
  return `${uiUrl}/namespaces/default/workflows/${encodeURIComponent(workflowId)}/${runId}/history`;
}

function quoted(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
